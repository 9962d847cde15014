/**
 * What can be said about a task. Events are not kept as such: each is applied to the task's state
 * (`transition.ts`), and the state is what stands on the live edge.
 *
 * An event that only an owner may say names the attempt by its number and by when it was claimed,
 * which tells it from one of the same number in an earlier run of the same task.
 *
 * @module
 */
import type { Outcome } from "./live_state.ts";

/** A node takes a task that nobody has. */
export interface Claim {
  kind: "claim";
  task_id: string;
  node_id: string;
  at: string;
  /**
   * The `not_before` of a retry that the node has waited out by its own clock's measure of length;
   * so a node whose clock is wrong delays nobody.
   */
  waited_for?: string;
}

/** The owner says how its attempt ended. */
export interface Report {
  kind: "report";
  task_id: string;
  node_id: string;
  attempt: number;
  claimed_at: string;
  at: string;
  outcome: Exclude<Outcome, "handed_back">;
  /** How often the task may be tried again after a failure or a timeout. */
  retries: number;
  /** When a further attempt may begin, if there is to be one. */
  retry_at: string;
}

/** The owner gives an attempt back unfinished, because it stops or cannot run it after all. */
export interface HandBack {
  kind: "hand_back";
  task_id: string;
  node_id: string;
  attempt: number;
  claimed_at: string;
  at: string;
}

/** A node has seen no sign of life of an owner for a lease, and ends the owner's attempt. */
export interface Expire {
  kind: "expire";
  task_id: string;
  /** Who says so. */
  node_id: string;
  /** Whose attempt it was. */
  owner: string;
  attempt: number;
  claimed_at: string;
  at: string;
  /** The task is given up when so many owners were lost (`max_attempts` of the settings). */
  max_attempts: number;
}

/** Somebody wants a task to end. */
export interface Cancel {
  kind: "cancel";
  task_id: string;
  /** Who wants it, in the form of a node's id. */
  node_id: string;
  at: string;
}

/** A node found a file in the queue that is no task, and ends it there. */
export interface Reject {
  kind: "reject";
  task_id: string;
  node_id: string;
  at: string;
}

export type TaskEvent = Claim | Report | HandBack | Expire | Cancel | Reject;
