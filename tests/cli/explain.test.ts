import { deepStrictEqual as same, equal, match, ok } from "node:assert/strict";
import { explainTask } from "../../lib/cli/explain_task.ts";
import { cancelTasks } from "../../lib/ledger/cancel.ts";
import type { Ledger } from "../../lib/ledger/ledger.ts";
import { say } from "../../lib/ledger/live_edge.ts";
import { heartbeat } from "../../lib/ledger/nodes.ts";
import { settleAll } from "../../lib/ledger/settle.ts";
import { queuePath, resultPath } from "../../lib/protocol/layout.ts";
import { buildResult } from "../../lib/protocol/result.ts";
import { finishedState } from "../protocol/example.ts";
import { node } from "../report/report_example.ts";
import { executionOf } from "../support/fake_executor.ts";
import { makeTask, MemoryGrid, tamper } from "../support/memory_grid.ts";
import { Playground } from "../support/playground.ts";

const PATH = queuePath("t", "medium");
const bytes = (text: string) => new TextEncoder().encode(text);

async function explained(grid: MemoryGrid, id = "t") {
  const { ledger } = await grid.look("me");
  const explanation = await explainTask(ledger, id);
  ok(explanation);
  return explanation;
}

/** A node shows itself, and claims the task. */
async function claim(ledger: Ledger): Promise<void> {
  const last_seen = ledger.writer.clock.now().toISOString();
  const record = node("n1", { last_seen, running: ["t"] }).record;
  const spec = ledger.main.queue.get("t")?.blob;
  const event = { kind: "claim", task_id: "t", node_id: "n1", at: last_seen } as const;
  const { heard } = await say(ledger, [{ event, spec }], heartbeat(ledger, record));
  ok(heard[0].heard);
}

Deno.test("explainTask() gathers who goes before a queued task, and who could take it", async () => {
  const tasks = ["a", "b", "c", "d", "f", "t"].map((id, index) =>
    makeTask(id, { created_at: `2026-01-01T00:0${index}:00Z` })
  );
  tasks[1].not_before = "2030-01-01T00:00:00Z";
  const grid = await MemoryGrid.with(tasks, {
    "nodes/n1.json": JSON.stringify(node("n1", { last_seen: "2026-01-01T00:00:00Z" }).record),
    [queuePath("e", "high")]: "{",
  });
  const { ledger } = await grid.look("n1");
  const at = "2026-01-01T00:00:00Z";
  const claims = ["c", "f"].map((task_id) => ({
    event: { kind: "claim" as const, task_id, node_id: "n1", at },
    spec: ledger.main.queue.get(task_id)!.blob,
  }));
  await say(ledger, claims);
  const failed = {
    kind: "report",
    task_id: "f",
    node_id: "n1",
    attempt: 1,
    claimed_at: at,
  } as const;
  const retry = { outcome: "failed", retries: 1, retry_at: "2030-01-01T00:00:00Z" } as const;
  await say(ledger, [{ event: { ...failed, ...retry, at } }]);
  // b must not begin yet, c runs, e is no task, and f waits for its retry.
  const { state, place, nodes } = await explained(grid);
  equal(state, "queued");
  same(place, { node_id: "n1", before: 2, next: "a" });
  // The node has not said itself yet that it runs c.
  same(nodes, [{ node_id: "n1", status: "online", running: ["c"], parallel: 2 }]);
});

Deno.test("explainTask() takes a task for running, silent for as long as its node's ref", async () => {
  const grid = await MemoryGrid.with([makeTask("t")]);
  await claim((await grid.look("n1")).ledger);
  grid.clock.advance(20_000);
  const { state, owner } = await explained(grid);
  equal(state, "claimed");
  same([owner?.node_id, owner?.silent_seconds, owner?.lease_seconds], ["n1", 20, 300]);
});

Deno.test("explainTask() reads the spec of a task whose file is not in the queue any more", async () => {
  const grid = await MemoryGrid.with([makeTask("t", { timeout_seconds: 77 })]);
  await claim((await grid.look("n1")).ledger);
  await tamper(grid, "refs/heads/main", [{ path: PATH, remove: true }]);
  match((await explained(grid)).why.join(" "), /Its time limit is 77 s/);
  await tamper(grid, "refs/dgrid/live/e", [{ path: "specs/t.json", remove: true }]);
  equal((await explained(grid)).why.join(" ").includes("time limit"), false);
});

Deno.test("explainTask() says who settled a result and when", async () => {
  const grid = await MemoryGrid.with([makeTask("t")]);
  const { ledger } = await grid.look("me");
  await cancelTasks(ledger, ["t"]);
  equal((await explained(grid)).state, "finished");
  grid.clock.advance(5_000);
  await settleAll(ledger);
  const { state, result, why } = await explained(grid);
  equal(state, "settled");
  same(result, {
    path: resultPath("t", "cancelled"),
    status: "cancelled",
    settled_at: "2026-01-01T00:00:05.000Z",
    commit: grid.server.refs.get("refs/heads/main"),
  });
  match(why[0], /: cancelled on me-example\.com: cancelled by me\.$/);
});

Deno.test("explainTask() tells what is broken, passed over or not there", async () => {
  const older = '{"id": "x", "command": "true"}';
  const twins = { "tasks/queue/r.json": older, "tasks/queue/s.json": older };
  const grid = await MemoryGrid.with([makeTask("t")], twins);
  equal((await explained(grid, "s")).state, "passed_over");
  match((await explained(grid, "x")).why.at(-1)!, /^It is in the queue more than once: /);
  equal(await explainTask((await grid.look("me")).ledger, "none"), undefined);
  await tamper(grid, "refs/dgrid/live/e", [{ path: "settled", bytes: bytes("1".repeat(40)) }]);
  match((await explained(grid)).why[1], /^Nobody may claim it: its shard was settled up to/);
  await tamper(grid, "refs/heads/main", [{ path: PATH, bytes: bytes("{") }]);
  equal((await explained(grid)).state, "invalid");
  await tamper(grid, "refs/dgrid/live/e", [{ path: "tasks/t.json", bytes: bytes("{") }]);
  equal((await explained(grid)).state, "unreadable");
});

Deno.test("explain prints sentences, or JSON, and ids that are nearly the one it was given", async () => {
  await using place = await Playground.withGrid();
  await place.run(["submit", "--script=true", "--id=build-1", "--label=gpu=yes"]);
  const { code, stdout, stderr } = await place.run(["explain", "build-1"]);
  same([code, stderr], [0, ""]);
  const [head, first, second] = stdout.split("\n");
  equal(head, "build-1: queued");
  match(first, /^ {2}It is queued with priority medium, made at 20\S+, \d+ s ago \(tasks\/queue\//);
  equal(second, "  No node has joined this grid yet; start one: dgrid worker.");
  const json = JSON.parse((await place.run(["explain", "build-1", "--json"])).stdout);
  same([json.task_id, json.state, json.why.length, json.nodes], ["build-1", "queued", 3, []]);
  const none = await place.run(["explain", "biuld-1"]);
  same([none.code, none.stdout], [4, ""]);
  equal(
    none.stderr,
    'dgrid: looking for task "biuld-1": there is none of this id; did you mean build-1?\n',
  );
  match((await place.run(["explain", "x"])).stderr, /there is none of this id; see: dgrid list\n$/);
});

Deno.test("explain and logs let nothing that strangers wrote take the screen over", async () => {
  await using place = await Playground.withGrid();
  const state = finishedState({ task_id: "r" });
  const execution = { ...executionOf("failed"), reason: "\x1b[31m" };
  const result = { ...buildResult(state, execution, undefined), node_id: "\x1b[32m" };
  await place.commit({ [resultPath("r", "failed")]: JSON.stringify(result) });
  for (
    const [command, own] of [["explain", /: \ufffd\[31m\.$/m], ["logs", /on \ufffd\[32m,/]] as const
  ) {
    const { code, stdout, stderr } = await place.run([command, "r"]);
    same([code, (stdout + stderr).includes("\x1b")], [0, false], command);
    match(stdout, own);
  }
});
