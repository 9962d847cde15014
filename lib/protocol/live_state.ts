/**
 * The live state of a task: its entry on the shard it belongs to (DESIGN.md section 4).
 *
 * ```text
 *  (queued: on main, no entry)
 *      │ claim                         ┌──cancel (nobody has it), reject (the file is no task)──┐
 *      ▼                               │                                                        ▼
 *   claimed ──report──────────────────▶┼──▶ finished ──settle──▶ (result on main, no entry)
 *    │ ▲  │                            ▲
 *    │ │  └─cancel─▶ cancelling ───────┘ report; hand_back or expire: cancelled
 *    │ │ claim                         ▲
 *    ▼ │                               │ expire of the last owner: lost
 *   retrying ◀── hand_back, expire, or a report of a failure with retries left
 * ```
 *
 * Who has authority: only the node that is named in a `claimed` or `cancelling` entry, and only for
 * the attempt that stands there, may report on it or hand it back. Everybody may claim what has no
 * entry or is `retrying`, cancel what is not finished, take an attempt away from an owner that gave no
 * sign of life for a lease, and settle what is `finished`.
 *
 * @module
 */
import { z } from "zod";
import { isNodeId, isTaskId } from "./identity.ts";
import type { Parsed } from "./problem.ts";
import { decodeRecord } from "./record.ts";

/** How a task can end (Contract). */
export const STATUSES = ["success", "failed", "timeout", "cancelled", "rejected", "lost"] as const;
export type Status = typeof STATUSES[number];

/** How an attempt can end: as a task, or handed back unfinished by a node that stops. */
export const OUTCOMES = [...STATUSES, "handed_back"] as const;
export type Outcome = typeof OUTCOMES[number];

/** One try at a task that is over. */
export const attemptSchema = z.object({
  attempt: z.int(),
  node_id: z.string().refine(isNodeId),
  claimed_at: z.string(),
  ended_at: z.string(),
  outcome: z.enum(OUTCOMES),
});
export type Attempt = z.infer<typeof attemptSchema>;

function isFinal(outcome: Outcome | undefined): boolean {
  return outcome !== undefined && outcome !== "handed_back";
}

/** The states of a task on the live edge. */
export const LIVE_STATUSES = ["claimed", "retrying", "cancelling", "finished"] as const;

const liveStateSchema = z.object({
  version: z.literal(1),
  task_id: z.string().refine(isTaskId),
  status: z.enum(LIVE_STATUSES),
  /** The number of the current attempt, or of the last one; the first is 1. */
  attempt: z.int(),
  /** The owner of that attempt. */
  node_id: z.string().refine(isNodeId),
  claimed_at: z.string(),
  /** Not to be claimed earlier; only where a retry waits. */
  not_before: z.string().optional(),
  attempts: z.array(attemptSchema),
}).refine(
  ({ status, attempts }) => status !== "finished" || isFinal(attempts.at(-1)?.outcome),
  {
    error: "must end with the outcome of the last attempt, when it is finished",
    path: ["attempts"],
  },
);
export type LiveState = z.infer<typeof liveStateSchema>;

/** Reads an entry of a shard. */
export function decodeLiveState(bytes: Uint8Array): Parsed<LiveState> {
  return decodeRecord(liveStateSchema, bytes);
}

/** How a finished task ended. */
export function finalStatusOf(state: LiveState): Status {
  const outcome = state.attempts.at(-1)?.outcome;
  if (state.status !== "finished" || outcome === undefined || outcome === "handed_back") {
    throw new Error(`reading how ${state.task_id} ended: it is ${state.status}, not finished`);
  }
  return outcome;
}
