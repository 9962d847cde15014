/**
 * Why a task on the live edge is where it is.
 *
 * @module
 */
import type { TaskSummary } from "../ledger/main_view.ts";
import { finalStatusOf, type LiveState } from "../protocol/live_state.ts";
import { SHARD_PATHS } from "../protocol/layout.ts";
import { attemptInWords } from "./attempt_words.ts";
import type { Explanation, Owner } from "./explanation.ts";
import type { NodeView } from "./node_view.ts";
import { ago, spanInWords } from "./span.ts";
import { explainWaiting, type Waiting } from "./waiting.ts";

/** A task on the live edge and what is around it. */
export interface Live extends Omit<Waiting, "task" | "retryAt"> {
  state: LiveState;
  /** The task as claimed, or why its spec is none. */
  spec: { task: TaskSummary } | { problem: string };
  lease_seconds: number;
  max_attempts: number;
}

/** Why a task on the live edge is where it is. */
export function explainLive(live: Live): Explanation {
  switch (live.state.status) {
    case "claimed":
      return explainClaimed(live);
    case "cancelling":
      return explainCancelling(live);
    case "retrying":
      return explainRetrying(live);
    case "finished":
      return explainFinished(live);
  }
}

/** Why nothing happens to a task whose entry is broken. */
export function explainUnreadable(task_id: string, problem: string): Explanation {
  const why = [
    `Its entry on the live edge cannot be read: ${problem}.`,
    `Nobody touches it before somebody has mended or removed ${SHARD_PATHS.task(task_id)} there.`,
  ];
  return { task_id, state: "unreadable", why };
}

function explainClaimed(live: Live): Explanation {
  const { state, now } = live;
  const { node_id, attempt, claimed_at } = state;
  const where = `It runs on ${node_id} since ${ago(claimed_at, now)}: attempt ${attempt}.`;
  return ofLive(live, [where, ...ownerWords(live), ...futureWords(live)], ownerOf(live));
}

function explainCancelling(live: Live): Explanation {
  const { state: { node_id, attempt }, lease_seconds } = live;
  const why = [
    `Somebody cancelled it; ${node_id} has to stop attempt ${attempt}, at its next look.`,
    ...ownerWords(live),
    `Should ${node_id} give no sign of life for a lease, ${lease_seconds} s, others end it.`,
  ];
  return ofLive(live, why, ownerOf(live));
}

function explainRetrying(live: Live): Explanation {
  const { state, spec } = live;
  const last = state.attempts.at(-1);
  const before = last === undefined ? "an earlier attempt" : attemptInWords(last);
  const where = `It waits for its next attempt: ${before}.`;
  if ("problem" in spec) {
    const hopeless = `What it runs cannot be read, so the next worker ends it: ${spec.problem}.`;
    return ofLive(live, [where, hopeless]);
  }
  const around = { ...live, task: spec.task, retryAt: state.not_before };
  const { why, ...more } = explainWaiting(around);
  return ofLive(live, [where, ...why], more);
}

function explainFinished(live: Live): Explanation {
  const { state, now } = live;
  const status = finalStatusOf(state);
  const { node_id, ended_at } = state.attempts.at(-1)!;
  const why = [
    `It ended at ${ago(ended_at, now)}: ${status} on ${node_id}.`,
    "Its result waits on the live edge to be settled; workers do it, or: dgrid settle.",
  ];
  const path = SHARD_PATHS.result(state.task_id);
  return ofLive(live, why, { result: { path, status } });
}

/** The attempts that are over stand at the end of every explanation. */
function ofLive(
  { state }: Live,
  why: string[],
  more: Omit<Partial<Explanation>, "why"> = {},
): Explanation {
  const { task_id, status, attempts } = state;
  const told = status === "retrying" ? attempts.slice(0, -1) : attempts;
  const past = told.map((attempt) => `Before: ${attemptInWords(attempt)}, at ${attempt.ended_at}.`);
  const isPast = status !== "finished" || attempts.length > 1;
  return { ...more, task_id, state: status, why: [...why, ...isPast ? past : []], attempts };
}

function recordOf({ state, nodes }: Live): NodeView | undefined {
  return nodes.find(({ record }) => record.node_id === state.node_id);
}

function ownerOf(live: Live): { owner: Owner } {
  const { node_id, attempt, claimed_at } = live.state;
  const owner: Owner = { node_id, attempt, claimed_at, lease_seconds: live.lease_seconds };
  const last_seen = recordOf(live)?.record.last_seen;
  if (last_seen === undefined) return { owner };
  const silent_seconds = Math.max(Math.round(silenceMs(live, last_seen) / 1000), 0);
  return { owner: { ...owner, last_seen, silent_seconds } };
}

function silenceMs({ now }: Live, lastSeen: string): number {
  return now.getTime() - Date.parse(lastSeen);
}

/** How long its owner has been silent, and what that means. */
function ownerWords(live: Live): string[] {
  const { state: { node_id }, lease_seconds } = live;
  const view = recordOf(live);
  if (view === undefined) {
    return [
      `${node_id} has given no sign of life yet; others take it over after a lease, ${lease_seconds} s.`,
    ];
  }
  const silentMs = silenceMs(live, view.record.last_seen);
  const lease = `the lease is ${lease_seconds} s`;
  const seen = `The last sign of life of ${node_id} is ${
    spanInWords(silentMs)
  } old by that node's clock; ${lease}.`;
  if (view.status === "offline") return [seen, `${node_id} has said goodbye since.`];
  if (silentMs <= lease_seconds * 1000) return [seen];
  return [seen, "Any node that has itself seen no sign for a lease may take it over."];
}

/** What may follow when the attempt ends without success. */
function futureWords({ state, spec, max_attempts }: Live): string[] {
  const count = (...outcomes: string[]) =>
    state.attempts.filter(({ outcome }) => outcomes.includes(outcome)).length;
  const lost = count("lost");
  const words = [];
  if ("task" in spec) {
    const { retries, timeout_seconds } = spec.task;
    const left = Math.max(retries - count("failed", "timeout"), 0);
    const again = left === 0 ? "it is not tried again" : `it may be tried again ${left} more times`;
    words.push(`Its time limit is ${timeout_seconds} s; should it fail or reach that, ${again}.`);
  }
  if (lost > 0) {
    words.push(`So far, ${lost} of its owners were lost; after ${max_attempts}, it is given up.`);
  }
  return words;
}
