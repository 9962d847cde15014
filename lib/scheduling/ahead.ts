/**
 * How many attempts a node takes beyond those that run, so that its slots never stand still while a
 * push is under way. Pure.
 *
 * @module
 */

/** A node never holds more than this many attempts that do not run: if it dies, they wait a lease. */
export const MAX_AHEAD = 2_000;
/** What is taken ahead has to begin within so long; what takes longer is left to other nodes. */
const MOST_PATIENCE_MS = 30_000;
/** Of the lease, this part: who waits for its turn must not look like one that is lost. */
const PATIENT_PART = 1 / 3;
/** No attempt is taken to be shorter than this; a thousand of them still fit between two pushes. */
const SHORTEST_TASK_MS = 0.05;

/** What a node knows of its work. */
export interface Workload {
  /** How many attempts run at once. */
  parallel: number;
  /** How long an attempt takes, in milliseconds; undefined where none has ended yet. */
  taskMs?: number;
  /** How long until what is claimed next can begin, in milliseconds. */
  pushMs: number;
  /** How long an attempt may wait for its turn, in milliseconds: {@link patienceMs}. */
  patienceMs: number;
  /** How many tasks there are to take, for all nodes. */
  open: number;
  /** How many nodes share them, this one among them. */
  nodes: number;
  /** How long until another node can take any, in milliseconds: 0 where all push as they like. */
  othersInMs: number;
}

/**
 * How many attempts to hold ahead: as many as keep the slots busy until the next push, at least one for
 * each slot, and never more than this node's share of what there is, unless it does them before another
 * node could take them. None where attempts take so long that another node would begin them earlier, or
 * nobody knows yet how long they take.
 */
export function aheadOf(workload: Workload): number {
  const { parallel, taskMs, pushMs, patienceMs, open, nodes, othersInMs } = workload;
  if (taskMs === undefined || taskMs > patienceMs) return 0;
  const fitting = (ms: number) => parallel * Math.ceil(ms / Math.max(taskMs, SHORTEST_TASK_MS));
  const share = Math.max(Math.ceil(open / nodes), fitting(othersInMs));
  return Math.min(Math.max(fitting(pushMs), parallel), share, MAX_AHEAD);
}

/**
 * How long an attempt may wait for its turn before it is handed back.
 *
 * @param pushMs how long it takes from one push to the next
 */
export function patienceMs(leaseMs: number, pushMs: number): number {
  return Math.min(Math.max(MOST_PATIENCE_MS, 2 * pushMs), leaseMs * PATIENT_PART);
}
