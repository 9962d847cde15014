/**
 * The rules by which a task's live state changes. Pure: what the state is, what happens and who
 * says so decide the next state or the refusal. Every writer applies its events with this function
 * to the tip that it has read, and again to the new tip when its swap was lost; so an event of a
 * former owner is refused here, whatever it believed when it began. That is the fence.
 *
 * @module
 */
import type { Attempt, LiveState, Outcome } from "./live_state.ts";

/**
 * An entry must stay small whatever happens to a task, so of more attempts than this the oldest that
 * were handed back unfinished are forgotten. All others are kept; there are at most 110 of them: 10
 * retries and 100 lost owners.
 */
const MAX_ATTEMPTS_KEPT = 150;

/** A node takes a task that nobody has. */
export interface Claim {
  kind: "claim";
  task_id: string;
  node_id: string;
  at: string;
}

/** The owner says how its attempt ended. */
export interface Report {
  kind: "report";
  task_id: string;
  node_id: string;
  attempt: number;
  /** When the attempt was claimed: tells it from one of the same number in an earlier run. */
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
  /** When the attempt was claimed. */
  claimed_at: string;
  at: string;
}

/** A node found a file in the queue that is no task, and ends it there. */
export interface Reject {
  kind: "reject";
  task_id: string;
  node_id: string;
  at: string;
}

export type TaskEvent = Claim | Report | HandBack | Reject;

/** Why an event does not apply, as a code for programs and a sentence for people. */
export interface Refusal {
  ok: false;
  code: "taken" | "too_early" | "not_owner" | "finished";
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
      return reject(state, event);
    case "report":
      return asOwner(state, event, report);
    case "hand_back":
      return asOwner(state, event, handBack);
  }
}

function claim(state: LiveState | undefined, event: Claim): Transition {
  if (state === undefined) return { ok: true, next: claimed([], 1, event) };
  if (state.status !== "retrying") return taken(state);
  if (state.not_before !== undefined && Date.parse(event.at) < Date.parse(state.not_before)) {
    return refuse("too_early", `${state.task_id} waits for its retry at ${state.not_before}`);
  }
  return { ok: true, next: claimed(state.attempts, state.attempt + 1, event) };
}

function claimed(attempts: Attempt[], attempt: number, event: Claim): LiveState {
  const { task_id, node_id, at } = event;
  return { version: 1, task_id, status: "claimed", attempt, node_id, claimed_at: at, attempts };
}

function reject(state: LiveState | undefined, event: Reject): Transition {
  if (state !== undefined) return taken(state);
  const { task_id, node_id, at } = event;
  return ended(claimed([], 1, { kind: "claim", task_id, node_id, at }), at, "rejected");
}

function report(state: LiveState, event: Report): Transition {
  const again = isRetried(event.outcome) &&
    state.attempts.filter(({ outcome }) => isRetried(outcome)).length < event.retries;
  return again
    ? waiting(state, event.at, event.outcome, event.retry_at)
    : ended(state, event.at, event.outcome);
}

function handBack(state: LiveState, event: HandBack): Transition {
  return waiting(state, event.at, "handed_back");
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

function asOwner<E extends Report | HandBack>(
  state: LiveState | undefined,
  event: E,
  apply: (state: LiveState, event: E) => Transition,
): Transition {
  const { task_id, node_id, attempt, claimed_at } = event;
  const whose = `attempt ${attempt} of ${task_id} is no longer ${node_id}'s`;
  if (state === undefined) return refuse("not_owner", `${whose}: it is not on the live edge`);
  if (state.status === "finished") return refuse("finished", `${task_id} is finished already`);
  const isOwner = state.status !== "retrying" && state.node_id === node_id &&
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
 * two events of a task.
 */
export function wasApplied(state: LiveState, event: TaskEvent): boolean {
  if (event.kind === "claim") {
    return state.status === "claimed" && state.node_id === event.node_id &&
      state.claimed_at === event.at;
  }
  const outcome = event.kind === "report"
    ? event.outcome
    : event.kind === "reject"
    ? "rejected"
    : "handed_back";
  return state.attempts.some((attempt) =>
    attempt.node_id === event.node_id && attempt.ended_at === event.at &&
    attempt.outcome === outcome
  );
}
