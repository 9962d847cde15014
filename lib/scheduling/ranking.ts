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
 * Where a node begins among the shards: the nodes that are at work spread evenly over them, so that
 * they rarely meet. A node alone begins at the shard of its own name.
 *
 * @param atWork the nodes that are at work, the node itself among them
 */
export function startShardOf(nodeId: string, atWork: readonly string[]): number {
  const place = atWork.toSorted().indexOf(nodeId);
  if (place < 0 || atWork.length === 1) return SHARDS.indexOf(shardOf(nodeId));
  return Math.floor((place * SHARDS.length) / atWork.length) % SHARDS.length;
}

/** @param start the index of the shard at which the node begins */
export function rankKeyOf({ task_id, priority, created_at }: Ranked, start: number): RankKey {
  const instant = created_at === undefined ? NaN : Date.parse(created_at);
  // A task that does not say when it was made has waited for nobody knows how long: it goes first.
  const age = Number.isNaN(instant) ? 0 : instant;
  const distance = (SHARDS.indexOf(shardOf(task_id)) - start + SHARDS.length) % SHARDS.length;
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
 * @param start the index of the shard at which the node begins
 */
export function ranked<T extends Ranked>(tasks: T[], start: number): T[] {
  const keyed = tasks.map((task) => ({ task, key: rankKeyOf(task, start) }));
  return keyed.sort((a, b) => compareRanks(a.key, b.key)).map(({ task }) => task);
}
