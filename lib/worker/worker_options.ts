import type { Clock } from "../clock.ts";
import type { Executor } from "../executor/executor.ts";
import type { Shelf } from "./shelf.ts";
import type { NodeRecord } from "../protocol/node_record.ts";

export interface WorkerOptions {
  nodeId: string;
  labels: Record<string, string>;
  machine: NodeRecord["machine"];
  /** How many attempts run at once. */
  parallel: number;
  executor: Executor;
  /** How long to wait between two looks while there is work. */
  pollMs: number;
  /** How long to wait at most between two looks, when there has long been no work. */
  maxPollMs: number;
  /** Tells this node's lives and its namesakes apart: kept with the local state. */
  instance: string;
  /** Keeps what could not be delivered from one life to the next. */
  shelf: Shelf;
  /** How often to give a sign of life when nothing runs; undefined for the usual pace. */
  heartbeatMs?: number;
  /** How many pushes a minute the host takes, where the grid's settings say nothing; absent: any. */
  usualPushBudget?: number;
  /** How long a stopping worker lets its running attempts go on. */
  graceMs: number;
  /** End once nothing that this node could run is queued or running, and its results are settled. */
  exitWhenIdle: boolean;
  /** End after so many attempts. */
  maxTasks?: number;
  version: string;
  clock: Clock;
  /** From 0 to less than 1. */
  random(): number;
}
