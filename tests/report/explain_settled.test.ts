import { deepStrictEqual as same, equal } from "node:assert/strict";
import { buildResult, notRun } from "../../lib/protocol/result.ts";
import { explainSettled, type Settled } from "../../lib/report/explain_settled.ts";
import { nearIds } from "../../lib/report/near_ids.ts";
import { ago, spanInWords } from "../../lib/report/span.ts";
import { AT, finishedState, LATER } from "../protocol/example.ts";
import { executionOf } from "../support/fake_executor.ts";
import { NOW } from "./report_example.ts";

const commit = {
  oid: "c".repeat(40),
  time: Date.parse("2026-01-02T03:06:00Z") / 1000,
  author: { name: "n2", email: "n2@x" },
  subject: "n2: settle 1 result",
  changes: [],
};

function settled(changed: Partial<Settled> = {}) {
  const lost = { attempt: 1, node_id: "n1", claimed_at: AT, ended_at: AT } as const;
  const failed = { attempt: 2, node_id: "n2", claimed_at: AT, ended_at: LATER } as const;
  const attempts = [{ ...lost, outcome: "lost" as const }, {
    ...failed,
    outcome: "failed" as const,
  }];
  const result = buildResult(finishedState({ attempts }), executionOf("failed"), undefined);
  return explainSettled({ result, path: "tasks/failed/e3/t.json", commit, now: NOW, ...changed });
}

Deno.test("explainSettled() says how a task ended, by which attempts, and who settled it when", () => {
  const { state, why, result } = settled();
  equal(state, "settled");
  same(why, [
    `It ended at ${LATER}, 5 min ago: failed with exit code 1 on n2.`,
    `Attempt 1 on n1 was lost: no sign of life for a lease, from ${AT} to ${AT}.`,
    `Attempt 2 on n2 failed, from ${AT} to ${LATER}.`,
    "n2 settled it at 2026-01-02T03:06:00.000Z, 4 min ago: tasks/failed/e3/t.json.",
  ]);
  same(result, {
    path: "tasks/failed/e3/t.json",
    status: "failed",
    settled_at: "2026-01-02T03:06:00.000Z",
    commit: commit.oid,
  });
});

Deno.test("explainSettled() gives the reason, and does without the commit", () => {
  const attempts = [{
    attempt: 1,
    node_id: "me",
    claimed_at: AT,
    ended_at: AT,
    outcome: "cancelled" as const,
  }];
  const execution = notRun("cancelled", "cancelled by me.");
  const result = buildResult(finishedState({ attempts }), execution, undefined);
  same(settled({ result, commit: undefined }).why, [
    `It ended at ${AT}, 6 min ago: cancelled on me: cancelled by me.`,
    "It was cancelled by me, while nobody ran it.",
    "Its result is on the branch: tasks/failed/e3/t.json.",
  ]);
});

Deno.test("nearIds() finds what somebody could have meant, the nearest first", () => {
  const ids = ["build-1", "build-2", "Build-1", "built-12", "deploy", "b"];
  same(nearIds("build-1", ids), ["Build-1", "build-1", "build-2"]);
  same(nearIds("biuld-2", ids), ["build-2"]);
  same(nearIds("dep", ids), ["deploy"]);
  same(nearIds("a", ids), []);
  same(nearIds("something", ids), []);
});

Deno.test("spanInWords() speaks in units that fit, and ago() bears a strange instant", () => {
  const spans = [-5, 60, 300, 10_800, 864_000].map((seconds) => spanInWords(seconds * 1000));
  same(spans, ["0 s", "60 s", "5 min", "3 h", "10 d"]);
  equal(ago("soon", NOW), "soon");
});
