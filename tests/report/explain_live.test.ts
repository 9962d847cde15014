import { deepStrictEqual as same, equal } from "node:assert/strict";
import type { Attempt, LiveState } from "../../lib/protocol/live_state.ts";
import { explainLive, explainUnreadable, type Live } from "../../lib/report/explain_live.ts";
import { AT, claimedState, LATER } from "../protocol/example.ts";
import { node, NOW, summary } from "./report_example.ts";

const SEEN = "The last sign of life of n1 is 12 s old by that node's clock; the lease is 300 s.";

function explained(state: Partial<LiveState>, changed: Partial<Live> = {}) {
  return explainLive({
    state: claimedState(state),
    spec: { task: summary("t", { retries: 2 }) },
    lease_seconds: 300,
    max_attempts: 3,
    rivals: [],
    nodes: [node("n1")],
    default_image: "busybox:1",
    now: NOW,
    ...changed,
  });
}

function past(attempt: number, outcome: Attempt["outcome"]): Attempt {
  return { attempt, node_id: "n1", claimed_at: AT, ended_at: LATER, outcome };
}

Deno.test("explainLive() says where a task runs, since when, and what may follow", () => {
  const { state, why, owner } = explained({});
  equal(state, "claimed");
  same(why, [
    `It runs on n1 since ${AT}, 6 min ago: attempt 1.`,
    SEEN,
    "Its time limit is 300 s; should it fail or reach that, it may be tried again 2 more times.",
  ]);
  same(owner, {
    node_id: "n1",
    attempt: 1,
    claimed_at: AT,
    lease_seconds: 300,
    last_seen: "2026-01-02T03:09:48.000Z",
    silent_seconds: 12,
  });
});

Deno.test("explainLive() says that an owner has been silent for longer than the lease", () => {
  same(explained({}, { lease_seconds: 10 }).why.slice(1, 3), [
    "The last sign of life of n1 is 12 s old by that node's clock; the lease is 10 s.",
    "Any node that has itself seen no sign for a lease may take it over.",
  ]);
  // A clock that goes ahead is no reason for a negative age.
  const ahead = node("n1", { last_seen: "2026-01-02T04:00:00.000Z" });
  const { why, owner } = explained({}, { nodes: [ahead] });
  equal(why[1], SEEN.replace("12 s", "0 s"));
  equal(owner?.silent_seconds, 0);
});

Deno.test("explainLive() says that an owner has gone, or was never seen", () => {
  const { why } = explained({}, { nodes: [node("n1", {}, "offline")] });
  same(why.slice(1, 3), [SEEN, "n1 has said goodbye since."]);
  const unseen = explained({}, { nodes: [node("n2")] });
  equal(
    unseen.why[1],
    "n1 has given no sign of life yet; others take it over after a lease, 300 s.",
  );
  equal(unseen.owner?.last_seen, undefined);
});

Deno.test("explainLive() says what became of earlier attempts, and how many are left", () => {
  const attempts = [past(1, "failed"), past(2, "lost"), past(3, "timeout")];
  same(explained({ attempt: 4, attempts }).why.slice(2), [
    "Its time limit is 300 s; should it fail or reach that, it is not tried again.",
    "So far, 1 of its owners were lost; after 3, it is given up.",
    `Before: attempt 1 on n1 failed, at ${LATER}.`,
    `Before: attempt 2 on n1 was lost: no sign of life for a lease, at ${LATER}.`,
    `Before: attempt 3 on n1 reached its time limit, at ${LATER}.`,
  ]);
});

Deno.test("explainLive() says nothing of retries where the spec cannot be read", () => {
  same(explained({}, { spec: { problem: "bad" } }).why.slice(2), []);
});

Deno.test("explainLive() says who has to stop a cancelled task", () => {
  const { state, why } = explained({ status: "cancelling" });
  equal(state, "cancelling");
  same(why, [
    "Somebody cancelled it; n1 has to stop attempt 1, at its next look.",
    SEEN,
    "Should n1 give no sign of life for a lease, 300 s, others end it.",
  ]);
});

Deno.test("explainLive() says after what a task is tried again, and for what it waits", () => {
  const attempts = [past(1, "lost"), past(2, "handed_back")];
  const not_before = "2026-01-02T03:10:05.000Z";
  const { state, why, place } = explained({
    status: "retrying",
    attempt: 2,
    not_before,
    attempts,
  });
  equal(state, "retrying");
  same(why, [
    "It waits for its next attempt: attempt 2 on n1 was handed back unfinished.",
    `It must not be tried again before ${not_before}, in 5 s.`,
    "A free slot is at n1 (0 of 2 in use): it is taken at that node's next look, in its turn.",
    "It is the next that n1 takes.",
    `Before: attempt 1 on n1 was lost: no sign of life for a lease, at ${LATER}.`,
  ]);
  same(place, { node_id: "n1", before: 0 });
});

Deno.test("explainLive() says that a retry is hopeless whose spec cannot be read", () => {
  const state = { status: "retrying", attempts: [past(1, "lost")] } as const;
  same(explained({ ...state, attempts: [...state.attempts] }, { spec: { problem: "bad" } }).why, [
    "It waits for its next attempt: attempt 1 on n1 was lost: no sign of life for a lease.",
    "What it runs cannot be read, so the next worker ends it: bad.",
  ]);
});

Deno.test("explainLive() says that a finished task waits to be settled", () => {
  const { state, why, result } = explained({ status: "finished", attempts: [past(1, "success")] });
  equal(state, "finished");
  same(why, [
    `It ended at ${LATER}, 5 min ago: success on n1.`,
    "Its result waits on the live edge to be settled; workers do it, or: dgrid settle.",
  ]);
  same(result, { path: "results/t.json", status: "success" });
});

Deno.test("explainUnreadable() says which file has to be mended", () => {
  const { state, why } = explainUnreadable("t", "must be JSON");
  equal(state, "unreadable");
  same(why, [
    "Its entry on the live edge cannot be read: must be JSON.",
    "Nobody touches it before somebody has mended or removed tasks/t.json there.",
  ]);
});
