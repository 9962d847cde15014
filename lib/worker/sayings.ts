/**
 * What a worker says to the live edge, as events.
 *
 * @module
 */
import type { Saying } from "../ledger/draft.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { LiveState } from "../protocol/live_state.ts";
import { notRun } from "../protocol/result.ts";
import { isHeld } from "../protocol/transition.ts";
import type { Candidate, Choice } from "./candidates.ts";

/** Takes tasks. */
export function claimSayings(candidates: Candidate[], nodeId: string, at: string): Saying[] {
  return candidates.map(({ task_id, spec, waited_for }) => ({
    event: { kind: "claim", task_id, node_id: nodeId, at, waited_for },
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

/** Takes attempts away from owners whose lease has lapsed. */
export function expireSayings(
  lapsed: LiveState[],
  nodeId: string,
  max_attempts: number,
  at: string,
): Saying[] {
  return lapsed.map(({ task_id, node_id: owner, attempt, claimed_at }) => ({
    event: {
      kind: "expire",
      task_id,
      node_id: nodeId,
      owner,
      attempt,
      claimed_at,
      at,
      max_attempts,
    },
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
    .filter((state) => isHeld(state) && state.node_id === nodeId && !inHand.has(state.task_id))
    .map(({ task_id, attempt, claimed_at }) => ({
      event: { kind: "hand_back", task_id, node_id: nodeId, attempt, claimed_at, at },
    }));
}
