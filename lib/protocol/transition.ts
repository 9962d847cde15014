/**
 * The rules by which a task's live state changes. Pure: what the state is, what happens and who
 * says so decide the next state or the refusal. Every writer applies its events with this function
 * to the tip that it has read, and again to the new tip when its swap was lost; so an event of a
 * former owner is refused here, whatever it believed when it began. That is the fence.
 *
 * @module
 */
import type { Cancel, Claim, Expire, HandBack, Reject, Report, TaskEvent } from "./event.ts";
import type { Attempt, LiveState, Outcome } from "./live_state.ts";

/**
 * An entry must stay small whatever happens to a task, so of more attempts than this the oldest that
 * were handed back unfinished are forgotten. All others are kept; there are at most 110 of them: 10
 * retries and 100 lost owners.
 */
const MAX_ATTEMPTS_KEPT = 150;

/** Why an event does not apply, as a code for programs and a sentence for people. */
export interface Refusal {
  ok: false;
  /** `blocked`: looking again at once does not help. */
  code: "taken" | "too_early" | "not_owner" | "finished" | "blocked";
  reason: string;
}
export type Transition = { ok: true; next: LiveState } | Refusal;

/**
 * Applies one event to a task's state.
 *
 * @param state the entry on the shard, or undefined where there is none: the task is queued
 */
export function transition(state: LiveState | undefined, event: TaskEvent): Transition {
  switch (event.kind) {
    case "claim":
      return claim(state, event);
    case "reject":
      return state === undefined ? endedUnclaimed(state, event, "rejected") : taken(state);
    case "cancel":
      return cancel(state, event);
    case "report":
      return asOwner(state, event, event.node_id, report);
    case "hand_back":
      return asOwner(state, event, event.node_id, handBack);
    case "expire":
      return asOwner(state, event, event.owner, expire);
  }
}

function claim(state: LiveState | undefined, event: Claim): Transition {
  if (state === undefined) return { ok: true, next: claimed([], 1, event) };
  if (state.status !== "retrying") return taken(state);
  if (isTooEarly(state.not_before, event)) {
    return refuse("too_early", `${state.task_id} waits for its retry at ${state.not_before}`);
  }
  return { ok: true, next: claimed(state.attempts, state.attempt + 1, event) };
}

function isTooEarly(notBefore: string | undefined, { at, waited_for }: Claim): boolean {
  if (notBefore === undefined || waited_for === notBefore) return false;
  return Date.parse(at) < Date.parse(notBefore);
}

function claimed(
  attempts: Attempt[],
  attempt: number,
  { task_id, node_id, at }: Claim | Cancel | Reject,
): LiveState {
  return { version: 1, task_id, status: "claimed", attempt, node_id, claimed_at: at, attempts };
}

function cancel(state: LiveState | undefined, event: Cancel): Transition {
  if (state === undefined || state.status === "retrying") {
    return endedUnclaimed(state, event, "cancelled");
  }
  if (state.status === "finished") return taken(state);
  return { ok: true, next: { ...state, status: "cancelling" } };
}

/** Ends a task that nobody has. Whoever does it stands for the attempt that there never was. */
function endedUnclaimed(
  state: LiveState | undefined,
  event: Cancel | Reject,
  outcome: Outcome,
): Transition {
  const { attempts, attempt } = state ?? { attempts: [], attempt: 0 };
  return ended(claimed(attempts, attempt + 1, event), event.at, outcome);
}

function report(state: LiveState, event: Report): Transition {
  const again = state.status !== "cancelling" && isRetried(event.outcome) &&
    state.attempts.filter(({ outcome }) => isRetried(outcome)).length < event.retries;
  return again
    ? waiting(state, event.at, event.outcome, event.retry_at)
    : ended(state, event.at, event.outcome);
}

function handBack(state: LiveState, { at }: HandBack): Transition {
  return state.status === "cancelling"
    ? ended(state, at, "cancelled")
    : waiting(state, at, "handed_back");
}

function expire(state: LiveState, { at, max_attempts }: Expire): Transition {
  if (state.status === "cancelling") return ended(state, at, "cancelled");
  const lost = 1 + state.attempts.filter(({ outcome }) => outcome === "lost").length;
  return lost >= max_attempts ? ended(state, at, "lost") : waiting(state, at, "lost");
}

/** Whether a retry may follow an outcome (Contract: "after a failure or a timeout"). */
function isRetried(outcome: Outcome): boolean {
  return outcome === "failed" || outcome === "timeout";
}

function waiting(state: LiveState, at: string, outcome: Outcome, notBefore?: string): Transition {
  const attempts = withAttempt(state, at, outcome);
  const { not_before: _, ...rest } = state;
  const next: LiveState = { ...rest, status: "retrying", attempts };
  return { ok: true, next: notBefore === undefined ? next : { ...next, not_before: notBefore } };
}

function ended(state: LiveState, at: string, outcome: Outcome): Transition {
  return {
    ok: true,
    next: { ...state, status: "finished", attempts: withAttempt(state, at, outcome) },
  };
}

function withAttempt(state: LiveState, ended_at: string, outcome: Outcome): Attempt[] {
  const { attempt, node_id, claimed_at } = state;
  const attempts = [...state.attempts, { attempt, node_id, claimed_at, ended_at, outcome }];
  const surplus = attempts.length - MAX_ATTEMPTS_KEPT;
  if (surplus <= 0) return attempts;
  const dropped = new Set(attempts.filter(isHandedBack).slice(0, surplus));
  return attempts.filter((attempt) => !dropped.has(attempt));
}

function isHandedBack({ outcome }: Attempt): boolean {
  return outcome === "handed_back";
}

/** Applies what holds only as long as an attempt is its owner's. */
function asOwner<E extends Report | HandBack | Expire>(
  state: LiveState | undefined,
  event: E,
  owner: string,
  apply: (state: LiveState, event: E) => Transition,
): Transition {
  const { task_id, attempt, claimed_at } = event;
  const whose = `attempt ${attempt} of ${task_id} is no longer ${owner}'s`;
  if (state === undefined) return refuse("not_owner", `${whose}: it is not on the live edge`);
  if (state.status === "finished") return refuse("finished", `${task_id} is finished already`);
  const isOwner = state.status !== "retrying" && state.node_id === owner &&
    state.attempt === attempt && state.claimed_at === claimed_at;
  if (!isOwner) {
    return refuse(
      "not_owner",
      `${whose}: it is ${state.status}, attempt ${state.attempt}, ${state.node_id}`,
    );
  }
  return apply(state, event);
}

function taken(state: LiveState): Refusal {
  return state.status === "finished"
    ? refuse("finished", `${state.task_id} is finished already`)
    : refuse("taken", `${state.task_id} is ${state.status} by ${state.node_id}`);
}

function refuse(code: Refusal["code"], reason: string): Refusal {
  return { ok: false, code, reason };
}

/**
 * Whether a state shows that this very event took effect before: the answer to a push can be lost
 * although the push was not. Instants make it certain, because a node never gives the same one to
 * two events of a task. To end a lost owner's attempt is the same whoever says it.
 */
export function wasApplied(state: LiveState, event: TaskEvent): boolean {
  switch (event.kind) {
    case "claim":
      return isHeld(state) && state.node_id === event.node_id && state.claimed_at === event.at;
    case "expire":
      return state.attempts.some((past) =>
        (past.outcome === "lost" || past.outcome === "cancelled") &&
        past.attempt === event.attempt && past.claimed_at === event.claimed_at &&
        past.node_id === event.owner
      );
    case "cancel":
      return state.status === "cancelling" || hasEnded(state, event, "cancelled");
    case "report":
      return hasEnded(state, event, event.outcome);
    case "hand_back":
      return hasEnded(state, event, "handed_back") || hasEnded(state, event, "cancelled");
    case "reject":
      return hasEnded(state, event, "rejected");
  }
}

/** Whether somebody owns a task now. */
export function isHeld({ status }: LiveState): boolean {
  return status === "claimed" || status === "cancelling";
}

/**
 * Whether a state shows that an attempt is over, so that its owner has no say any more: it has ended,
 * or the task is in another run. A look can be answered with an older state of the same run, which
 * shows nothing.
 *
 * @param own the state by which the attempt was claimed
 */
export function isOver(now: LiveState, own: LiveState): boolean {
  const hasEnded = now.attempts.some(({ attempt, claimed_at }) =>
    attempt === own.attempt && claimed_at === own.claimed_at
  );
  const isSameRun = [own, ...own.attempts].some(({ claimed_at }) => claimed_at === now.claimed_at);
  return hasEnded || !isSameRun;
}

function hasEnded(
  { attempts }: LiveState,
  { node_id, at }: { node_id: string; at: string },
  outcome: Outcome,
): boolean {
  return attempts.some((past) =>
    past.node_id === node_id && past.ended_at === at && past.outcome === outcome
  );
}
