/**
 * In which order a node takes tasks. Pure.
 *
 * @module
 */
import { shardOf, SHARDS } from "../protocol/identity.ts";
import { PRIORITIES, type Priority } from "../protocol/task.ts";

/** What a task is ranked by. */
export interface Ranked {
  task_id: string;
  priority: Priority;
  created_at?: string;
}

/**
 * Sorts tasks: the more urgent first, then the older; among equals those first whose shard comes
 * first when one begins at the node's own. So workers rarely meet.
 */
export function ranked<T extends Ranked>(tasks: T[], nodeId: string): T[] {
  const own = SHARDS.indexOf(shardOf(nodeId));
  const keys = new Map(tasks.map((task) => [task, keyOf(task, own)]));
  return tasks.toSorted((a, b) => compare(keys.get(a)!, keys.get(b)!));
}

type Key = [urgency: number, age: number, distance: number, id: string];

function keyOf({ task_id, priority, created_at }: Ranked, ownShard: number): Key {
  const age = created_at === undefined ? NaN : Date.parse(created_at);
  const distance = (SHARDS.indexOf(shardOf(task_id)) - ownShard + SHARDS.length) % SHARDS.length;
  // A task that does not say when it was made has waited for nobody knows how long: it goes first.
  return [PRIORITIES.indexOf(priority), Number.isNaN(age) ? 0 : age, distance, task_id];
}

function compare(a: Key, b: Key): number {
  for (const index of a.keys()) {
    if (a[index] !== b[index]) return a[index] < b[index] ? -1 : 1;
  }
  return 0;
}
