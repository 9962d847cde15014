/**
 * In which order a node takes tasks. Pure.
 *
 * @module
 */
import { shardOf } from "../protocol/identity.ts";
import { PRIORITIES, type Priority } from "../protocol/task.ts";
import { distanceTo, type Territory } from "./precedence.ts";

/** What a task is ranked by. */
export interface Ranked {
  task_id: string;
  priority: Priority;
  created_at?: string;
}

/**
 * Tasks that were made within so long of each other are equals, so that workers can share them by
 * shards; were each a moment older than the next, all workers would want the same one.
 */
const AGE_STEP_MS = 60_000;

/** What tasks are compared by, in this order. */
export type RankKey = readonly [
  urgency: number,
  ageStep: number,
  distance: number,
  age: number,
  id: string,
];

/**
 * @param territory the shards that the node begins at
 * @param shard the task's, where it is known already
 */
export function rankKeyOf(
  { task_id, priority, created_at }: Ranked,
  territory: Territory,
  shard: string = shardOf(task_id),
): RankKey {
  const instant = created_at === undefined ? NaN : Date.parse(created_at);
  // A task that does not say when it was made has waited for nobody knows how long: it goes first.
  const age = Number.isNaN(instant) ? 0 : instant;
  const distance = distanceTo(shard, territory);
  return [PRIORITIES.indexOf(priority), Math.floor(age / AGE_STEP_MS), distance, age, task_id];
}

/** Below 0 when `a` is taken before `b`. */
export function compareRanks(a: RankKey, b: RankKey): number {
  for (let at = 0; at < a.length; at++) {
    if (a[at] !== b[at]) return a[at] < b[at] ? -1 : 1;
  }
  return 0;
}

/**
 * Sorts tasks: the more urgent first, then the older, by minutes; among equals those first whose shard
 * comes first when one begins at the node's own, and then again the older.
 *
 * @param territory the shards that the node begins at
 */
export function ranked<T extends Ranked>(tasks: T[], territory: Territory): T[] {
  const keyed = tasks.map((task) => ({ task, key: rankKeyOf(task, territory) }));
  return keyed.sort((a, b) => compareRanks(a.key, b.key)).map(({ task }) => task);
}
