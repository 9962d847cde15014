/**
 * Records for tests, each whole and valid, to be changed in one place.
 *
 * @module
 */
import { strictEqual } from "node:assert/strict";
import type { LiveState } from "../../lib/protocol/live_state.ts";
import { describeProblems, type Parsed } from "../../lib/protocol/problem.ts";

export const AT = "2026-01-02T03:04:05.000Z";
export const LATER = "2026-01-02T03:05:05.000Z";

/** A JSON text, or anything else as JSON, in UTF-8. */
export function bytesOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}

/** What was read; fails the test with the problems where it was refused. */
export function valueOf<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new Error(describeProblems(parsed.problems));
}

/** The whole complaint as one line; fails the test where there is none. */
export function complaintOf(parsed: Parsed<unknown>): string {
  strictEqual(parsed.ok, false);
  return describeProblems((parsed as Extract<typeof parsed, { ok: false }>).problems);
}

/** A value in so many lists. */
export function nested(depth: number, value?: unknown): unknown {
  let outer: unknown = value ?? [];
  for (let level = value === undefined ? 1 : 0; level < depth; level++) outer = [outer];
  return outer;
}

/** A claimed task: attempt 1 of `t`, owned by `n1`. */
export function claimedState(changed: Partial<LiveState> = {}): LiveState {
  return {
    version: 1,
    task_id: "t",
    status: "claimed",
    attempt: 1,
    node_id: "n1",
    claimed_at: AT,
    attempts: [],
    ...changed,
  };
}

/** A finished task, which `n1` brought to an end at its first attempt. */
export function finishedState(changed: Partial<LiveState> = {}): LiveState {
  const attempt = { attempt: 1, node_id: "n1", claimed_at: AT, ended_at: LATER } as const;
  return claimedState({
    status: "finished",
    attempts: [{ ...attempt, outcome: "success" }],
    ...changed,
  });
}
