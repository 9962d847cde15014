/**
 * The messages on a shard: one readable line a writer, so that `git log` of a shard is the audit.
 *
 * @module
 */
import { finalStatusOf, type LiveState } from "../protocol/live_state.ts";
import type { TaskEvent } from "../protocol/event.ts";
import { signedBy } from "./commit_order.ts";
import type { Draft, Saying } from "./draft.ts";
import type { Writer } from "./ledger.ts";
import type { CommitOrder } from "./store.ts";

/** The commit that a draft becomes. */
export function draftOrder(writer: Writer, { before, changes, accepted }: Draft): CommitOrder {
  return signedBy(writer, `${writer.name}: ${describe(accepted)}`, changes, before.tip);
}

const VERBS: Record<TaskEvent["kind"], string> = {
  claim: "claim",
  report: "report",
  hand_back: "hand back",
  expire: "take away",
  cancel: "cancel",
  reject: "reject",
};

/** What was done, in one line: `claim a, b; report c (success)`. */
function describe(accepted: Map<Saying, LiveState>): string {
  const byVerb = Map.groupBy(accepted, ([{ event }]) => VERBS[event.kind]);
  return [...byVerb].map(([verb, said]) =>
    `${verb} ${said.map(([{ event }, state]) => event.task_id + remark(event, state)).join(", ")}`
  ).join("; ");
}

function remark(event: TaskEvent, state: LiveState): string {
  if (event.kind === "report") return ending(state);
  return event.kind === "expire" ? ` (from ${event.owner}, which was lost)` : "";
}

function ending(state: LiveState): string {
  return state.status === "finished"
    ? ` (${finalStatusOf(state)})`
    : ` (${state.attempts.at(-1)?.outcome}, to be tried again)`;
}
