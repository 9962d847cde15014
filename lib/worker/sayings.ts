/**
 * What a worker says to the live edge, as events.
 *
 * @module
 */
import type { Saying } from "../ledger/draft.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { notRun } from "../protocol/result.ts";
import type { Candidate, Choice } from "./candidates.ts";

/** Takes tasks. */
export function claimSayings(candidates: Candidate[], nodeId: string, at: string): Saying[] {
  return candidates.map(({ task_id, spec }) => ({
    event: { kind: "claim", task_id, node_id: nodeId, at },
    spec,
  }));
}

/** Ends files in the queue that are no tasks. */
export function rejectSayings(broken: Choice["broken"], nodeId: string, at: string): Saying[] {
  return broken.map(({ file: { task_id, path, blob }, problem }) => ({
    event: { kind: "reject", task_id, node_id: nodeId, at },
    spec: blob,
    execution: notRun("rejected", `${path}: ${problem}`),
  }));
}

/** Gives back what stands under a node's name and is not in its hands. */
export function handBackSayings(
  ledger: Ledger,
  nodeId: string,
  inHand: ReadonlySet<string>,
  at: string,
): Saying[] {
  return [...ledger.states()]
    .filter(({ status, node_id, task_id }) =>
      status === "claimed" && node_id === nodeId && !inHand.has(task_id)
    )
    .map(({ task_id, attempt, claimed_at }) => ({
      event: { kind: "hand_back", task_id, node_id: nodeId, attempt, claimed_at, at },
    }));
}
