import type { Attempt } from "../protocol/live_state.ts";

/** Why a task is where it is. */
export interface Explanation {
  task_id: string;
  /**
   * `invalid`: a file in the queue that is no task; `passed_over`: one that nobody looks at;
   * `unreadable`: an entry on the live edge that is none.
   */
  state:
    | "queued"
    | "invalid"
    | "passed_over"
    | "claimed"
    | "retrying"
    | "cancelling"
    | "finished"
    | "unreadable"
    | "settled";
  /** Whole sentences, the most telling first. */
  why: string[];
  /** Its place in the order of the tasks that a node could take. */
  place?: Place;
  /** Of a waiting task: who could take it, and who could not. */
  nodes?: NodeFitness[];
  /** Of a running task. */
  owner?: Owner;
  /** The attempts that are over. */
  attempts?: Attempt[];
  /** Where its result is. */
  result?: { path: string; status: string; settled_at?: string; commit?: string };
}

/** How far a waiting task is from being taken. */
export interface Place {
  node_id: string;
  /** How many tasks this node would take earlier. */
  before: number;
  /** The one that it would take first, where that is another. */
  next?: string;
}

/** What a node has to do with a waiting task. */
export interface NodeFitness {
  node_id: string;
  status: string;
  running: string[];
  parallel: number;
  /** Why it could never take the task; absent where it could. */
  lacks?: string;
}

/** Who runs a task, and when it last gave a sign of life. */
export interface Owner {
  node_id: string;
  attempt: number;
  claimed_at: string;
  lease_seconds: number;
  /** By its own clock; absent where it has no ref. */
  last_seen?: string;
  silent_seconds?: number;
}
