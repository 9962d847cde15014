/**
 * What happened to a task on its shard, read off how its entry changed. The messages of the commits are
 * for people; only what they left behind counts.
 *
 * @module
 */
import type { StateChange } from "../ledger/history.ts";
import type { PathCommit } from "../ledger/store.ts";
import type { Attempt, LiveState } from "../protocol/live_state.ts";
import { isHeld } from "../protocol/transition.ts";
import { isNeverRun } from "./attempt_words.ts";
import { inCommit, type LogEvent } from "./log_event.ts";

/** What happened from the first claim of a task until its entry was taken off the shard. */
export interface Run {
  events: LogEvent[];
  /** Its last attempt that is over. */
  last?: Attempt;
}

/**
 * The runs of a task.
 *
 * @param changes the oldest first
 */
export function runsIn(changes: StateChange[]): Run[] {
  const runs: Run[] = [];
  let before: LiveState | undefined;
  for (const change of changes) {
    if (change.isNew || runs.length === 0) {
      runs.push({ events: [] });
      before = undefined;
    }
    const run = runs.at(-1)!;
    run.events.push(...eventsOf(before, change));
    run.last = change.after?.attempts.at(-1) ?? run.last;
    before = change.after ?? before;
  }
  return runs;
}

function eventsOf(before: LiveState | undefined, { commit, is, after }: StateChange): LogEvent[] {
  if (is === "unreadable") return [inCommit(commit, { kind: "entry_unreadable" })];
  if (after !== undefined) return eventsBetween(before, after, commit);
  return before?.status === "finished" ? [] : [inCommit(commit, { kind: "entry_removed" })];
}

/** What happened between two states of a task. */
function eventsBetween(
  before: LiveState | undefined,
  after: LiveState,
  commit: PathCommit,
): LogEvent[] {
  const known = new Set(before?.attempts.map(keyOf));
  const held = before && isHeld(before) ? keyOf(before) : undefined;
  const ended = after.attempts.filter((attempt) => !known.has(keyOf(attempt)));
  const waits = after.status === "retrying" ? after.not_before : undefined;
  const events = ended.flatMap((attempt) => {
    const isLast = attempt === after.attempts.at(-1);
    const event = inCommit(commit, endOf(attempt, isLast ? waits : undefined), attempt.ended_at);
    return keyOf(attempt) === held ? [event] : [...claimOf(attempt, commit), event];
  });
  if (isHeld(after) && keyOf(after) !== held) events.push(...claimOf(after, commit));
  const isAsked = after.status === "cancelling" && before?.status !== "cancelling";
  if (isAsked) events.push(inCommit(commit, { kind: "cancel_asked", node_id: after.node_id }));
  return events;
}

/** What happened in a run of which only the result is left. */
export function eventsOfAttempts(attempts: Attempt[]): LogEvent[] {
  return attempts.flatMap((attempt) => [
    ...claimOf(attempt),
    { ...endOf(attempt), at: attempt.ended_at },
  ]);
}

function endOf(attempt: Attempt, not_before?: string) {
  return { kind: "ended" as const, attempt, ...not_before === undefined ? {} : { not_before } };
}

/** The claim of an attempt; none where nobody ever had the task. */
function claimOf(held: Attempt | LiveState, commit?: PathCommit): LogEvent[] {
  if ("outcome" in held && isNeverRun(held)) return [];
  const { node_id, attempt, claimed_at } = held;
  const claim = { kind: "claimed" as const, node_id, attempt };
  return [
    commit === undefined ? { ...claim, at: claimed_at } : inCommit(commit, claim, claimed_at),
  ];
}

/** Tells an attempt from every other of the same task. */
export function keyOf({ attempt, claimed_at }: { attempt: number; claimed_at: string }): string {
  return `${attempt} ${claimed_at}`;
}
