/**
 * Which changes of an entry are lawful. A second opinion on `lib/protocol/transition.ts`: nothing of
 * that is used here, and it is judged by what happened on the server, not by what was said.
 *
 * @module
 */
import type { Life } from "../life.ts";
import { claimOf, type Entry, isHeld, type Past, type Story } from "./story.ts";

/** A change of one entry by one commit. */
export interface Step {
  story: Story;
  before?: Entry;
  after: Entry;
  /** The process that made the commit. */
  by: Life;
  /** After so many lost owners a task is given up. */
  maxAttempts: number;
  /** Why the owner of `before` must not be taken for lost; undefined where it may. */
  whyNotLost(): string | undefined;
}

/** What is wrong with a change; nothing where it is lawful. */
export function* problemsOf(step: Step): Generator<string> {
  const { before, after } = step;
  const old = before?.attempts ?? [];
  const isKept = old.every((past, index) => same(past, after.attempts[index]));
  if (!isKept) yield "an attempt of the past was changed";
  const ended = after.attempts.slice(old.length);
  if (ended.length > 1) return yield "more than one attempt ended";
  if (before?.status === "finished") return yield "it was finished already";
  if (before === undefined) yield* problemsOfFirst(step);
  if (ended.length === 0) yield* problemsOfGoingOn(step);
  else if (isHeld(before)) yield* problemsOfEnd(step, ended[0]);
  else yield* problemsOfEndUnclaimed(step, ended[0]);
}

function* problemsOfFirst({ story }: Step): Generator<string> {
  if (story.queued === undefined) yield "it has a first entry and is not in the queue";
  if (story.result !== undefined) yield "it has a first entry and a result already";
}

/** No attempt has ended. */
function* problemsOfGoingOn({ story, before, after, by }: Step): Generator<string> {
  if (isHeld(before)) {
    const isOnlyCancelled = after.status === "cancelling" &&
      same({ ...before, status: "" }, { ...after, status: "" });
    if (!isOnlyCancelled) yield "its owner changed, and no attempt ended";
    if (by.role !== "canceller") yield `${by.name} cancelled it`;
    return;
  }
  if (after.status !== "claimed") yield `it became ${after.status}, and no attempt ended`;
  if (story.isBroken) yield "it was claimed, and is no task";
  yield* problemsOfClaim(before?.attempt ?? 0, after, by);
}

function* problemsOfClaim(last: number, after: Entry, by: Life): Generator<string> {
  if (after.node_id !== by.name) yield `${by.name} claimed it for ${after.node_id}`;
  if (after.attempt !== last + 1) yield `attempt ${after.attempt} follows ${last}`;
}

/** An attempt that somebody owned has ended. */
function* problemsOfEnd(step: Step, ended: Past): Generator<string> {
  const { before, after, by } = step;
  const { attempt, node_id, claimed_at } = before!;
  const isThis = ended.attempt === attempt && ended.node_id === node_id &&
    ended.claimed_at === claimed_at;
  if (!isThis) yield "what ended is not the attempt that was going on";
  if (ended.outcome === "lost" || (ended.outcome === "cancelled" && by.name !== node_id)) {
    const why = step.whyNotLost();
    if (why !== undefined) yield `${by.name} took it from ${node_id}: ${why}`;
  } else {
    if (by.name !== node_id) yield `${by.name} ended what is ${node_id}'s`;
    yield* problemsOfOutcome(step, ended);
  }
  if (ended.outcome === "cancelled" && before!.status !== "cancelling") {
    yield "it ended as cancelled, and nobody wanted that";
  }
  const next = nextStatus(step, ended.outcome);
  if (after.status === "claimed" && next === "retrying" && ended.outcome === "lost") {
    yield* problemsOfClaim(attempt, after, by);
  } else if (after.status !== next) yield `it became ${after.status} instead of ${next}`;
}

/** An outcome must be that of what ran. */
function* problemsOfOutcome({ story, before }: Step, { outcome }: Past): Generator<string> {
  if (outcome === "rejected") yield "it was rejected, and is a task";
  if (!["success", "failed", "timeout"].includes(outcome)) return;
  const container = claimOf(story, before!)?.container;
  if (container === undefined) yield `it ended as ${outcome}, and nothing ran for this attempt`;
  else if (!container.isDone) yield `it ended as ${outcome}, and its container did not end so`;
  else if (container.status !== outcome) yield `${container.status} was told as ${outcome}`;
}

function nextStatus({ story, before, maxAttempts }: Step, outcome: string): Entry["status"] {
  const count = (...outcomes: string[]) =>
    before!.attempts.filter((past) => outcomes.includes(past.outcome)).length;
  if (before!.status === "cancelling") return "finished";
  if (outcome === "lost") return count("lost") + 1 < maxAttempts ? "retrying" : "finished";
  if (outcome === "handed_back") return "retrying";
  const isAgain = (outcome === "failed" || outcome === "timeout") &&
    count("failed", "timeout") < story.retries;
  return isAgain ? "retrying" : "finished";
}

/** Somebody ends a task that nobody owned. */
function* problemsOfEndUnclaimed({ story, before, after, by }: Step, ended: Past) {
  const isCancelled = ended.outcome === "cancelled" && by.role === "canceller";
  const isRejected = ended.outcome === "rejected" && story.isBroken && before === undefined;
  if (!isCancelled && !isRejected) yield `${by.name} ended as ${ended.outcome} what nobody had`;
  if (!ended.node_id.startsWith(by.name)) yield `${by.name} ended it as ${ended.node_id}`;
  if (after.status !== "finished") yield `it ended and became ${after.status}`;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
