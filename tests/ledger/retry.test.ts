import { deepStrictEqual as same, equal, match, ok, rejects } from "node:assert/strict";
import type { Ledger } from "../../lib/ledger/ledger.ts";
import type { Heard, Saying } from "../../lib/ledger/draft.ts";
import { say } from "../../lib/ledger/live_edge.ts";
import { RefusedTasks } from "../../lib/ledger/refused_tasks.ts";
import { retryTasks } from "../../lib/ledger/retry.ts";
import { settleAll } from "../../lib/ledger/settle.ts";
import { submitTasks } from "../../lib/ledger/submit.ts";
import { queuePath, resultPath } from "../../lib/protocol/layout.ts";
import { executionOf } from "../support/fake_executor.ts";
import { makeTask, MemoryGrid, tamper } from "../support/memory_grid.ts";

const QUEUED = queuePath("t", "high");
const FAILED = resultPath("t", "failed");
const COMPLETED = resultPath("t", "success");

function claimOf(ledger: Ledger, node_id: string, id = "t"): Saying {
  const at = ledger.writer.clock.now().toISOString();
  return {
    event: { kind: "claim", task_id: id, node_id, at },
    spec: ledger.main.queue.get(id)?.blob,
  };
}

/** A node claims a task, and what it says at its end. */
async function claim(ledger: Ledger, node_id: string, id = "t"): Promise<Heard> {
  return (await say(ledger, [claimOf(ledger, node_id, id)])).heard[0];
}

async function report(ledger: Ledger, outcome: "success" | "failed", id = "t"): Promise<Heard> {
  const { node_id, attempt, claimed_at } = ledger.stateOf(id)!;
  const at = ledger.writer.clock.now().toISOString();
  const said = { task_id: id, node_id, attempt, claimed_at, at, outcome, retries: 0, retry_at: at };
  const { heard } = await say(ledger, [{
    event: { kind: "report", ...said },
    execution: executionOf(outcome),
  }]);
  return heard[0];
}

/** A task runs to its end, and is settled. */
async function runOnce(
  grid: MemoryGrid,
  outcome: "success" | "failed",
  id = "t",
): Promise<void> {
  const { ledger } = await grid.look("n1");
  ok((await claim(ledger, "n1", id)).heard);
  grid.clock.advance(1000);
  ok((await report(ledger, outcome, id)).heard);
  await settleAll(ledger);
}

async function failedGrid(): Promise<MemoryGrid> {
  const grid = await MemoryGrid.with([makeTask("t", { priority: "high" })]);
  await runOnce(grid, "failed");
  return grid;
}

async function whyNot(ledger: Ledger, ids = ["t"]): Promise<string> {
  try {
    await retryTasks(ledger, ids);
  } catch (error) {
    if (error instanceof RefusedTasks) return error.message;
    throw error;
  }
  return "it was retried";
}

Deno.test("retryTasks() puts a failed task back where it was queued, in one commit", async () => {
  const grid = await failedGrid();
  const { ledger, store } = await grid.look("me");
  const before = ledger.main.commit;
  const commit = await retryTasks(ledger, ["t", "t"]);
  same(grid.mainFiles(), ["dgrid.json", QUEUED]);
  const [newest, next] = await store.log(commit, 2);
  same([newest.subject, next.oid], ["retry t", before]);
  const content = ledger.main.queue.get("t")!.content;
  ok("task" in content);
  same([content.task.priority, content.task.kind], ["high", "module"]);
});

Deno.test("retryTasks() lets the task run again to a result, also to a success", async () => {
  const grid = await failedGrid();
  await retryTasks((await grid.look("me")).ledger, ["t"]);
  await runOnce(grid, "success");
  same(grid.mainFiles(), ["dgrid.json", COMPLETED]);
  same(grid.liveFiles(), []);
  match(await whyNot((await grid.look("me")).ledger), /^retrying t: it succeeded; to run it again/);
});

Deno.test("retryTasks() retries all or none, and says why", async () => {
  const grid = await failedGrid();
  await submitTasks((await grid.look("me")).ledger, [makeTask("q")]);
  const { ledger } = await grid.look("me");
  const before = ledger.main.commit;
  const error = await retryTasks(ledger, ["t", "q", "none"]).catch((error) => error);
  ok(error instanceof RefusedTasks);
  equal(
    error.message,
    "retrying q: it is queued already\n" +
      "retrying none: there is none of this id; see: dgrid list",
  );
  same(error.refusals.map(({ isUnknown }) => isUnknown), [false, true]);
  equal(grid.server.refs.get("refs/heads/main"), before);
});

Deno.test("retryTasks() refuses what is on the live edge, and says what to do", async () => {
  const grid = await MemoryGrid.with([makeTask("t")]);
  const { ledger } = await grid.look("n1");
  await claim(ledger, "n1");
  const { ledger: mine } = await grid.look("me");
  match(await whyNot(mine), /^retrying t: it runs on n1, attempt 1; to end that, cancel it/);
  await report(ledger, "failed");
  await mine.refresh();
  match(
    await whyNot(mine),
    /: it has ended, but is not settled yet; settle it first: dgrid settle$/,
  );
});

Deno.test("retryTasks() refuses a task that waits for a retry of its own, or is being stopped", async () => {
  const grid = await MemoryGrid.with([makeTask("t")]);
  const { ledger } = await grid.look("n1");
  await claim(ledger, "n1");
  const { claimed_at } = ledger.stateOf("t")!;
  const owned = { task_id: "t", node_id: "n1", attempt: 1, claimed_at, at: claimed_at };
  await say(ledger, [{ event: { kind: "hand_back", ...owned } }]);
  const { ledger: mine } = await grid.look("me");
  match(await whyNot(mine), /: it will be tried again by itself; see: dgrid explain$/);
  grid.clock.advance(1);
  await claim(ledger, "n1");
  await say(ledger, [{ event: { kind: "cancel", task_id: "t", node_id: "me", at: claimed_at } }]);
  await mine.refresh();
  match(await whyNot(mine), /: n1 is about to stop it; try again when it has$/);
});

Deno.test("retryTasks() refuses an entry that nobody can read", async () => {
  const grid = await failedGrid();
  const { ledger } = await grid.look("me");
  const ref = [...grid.server.refs.keys()].find((ref) => ref.includes("/live/"))!;
  await tamper(grid, ref, [{ path: "tasks/t.json", bytes: new TextEncoder().encode("{") }]);
  await ledger.refresh();
  match(await whyNot(ledger), /: its entry on the live edge cannot be read: must be JSON/);
});

const unfit: [what: string, result: (old: Record<string, unknown>) => unknown, why: RegExp][] = [
  [
    "holds no task",
    (old) => ({ ...old, task: null }),
    /: its file in the queue was no task; submit a/,
  ],
  [
    "holds a broken task",
    (old) => ({ ...old, task: {} }),
    /: the task in its result is none: task_id/,
  ],
  [
    "holds another task",
    (old) => ({ ...old, task: makeTask("other") }),
    /: its result holds another task, other$/,
  ],
  ["is no result", () => ({}), /: tasks\/failed\/e3\/t\.json: task_id: required/],
];

for (const [what, change, why] of unfit) {
  Deno.test(`retryTasks() refuses a task whose result ${what}`, async () => {
    const grid = await failedGrid();
    const { ledger, store } = await grid.look("me");
    const { oid } = (await store.find(ledger.main.commit, [FAILED])).get(FAILED)!;
    const old = JSON.parse(new TextDecoder().decode(grid.server.contents.get(oid)));
    const bytes = new TextEncoder().encode(JSON.stringify(change(old)));
    await tamper(grid, "refs/heads/main", [{ path: FAILED, bytes }]);
    await ledger.refresh();
    match(await whyNot(ledger), why);
  });
}

Deno.test("retryTasks() refuses what the grid's settings do not allow any more", async () => {
  const grid = await failedGrid();
  const settings = new TextEncoder().encode('{"version": 1, "max_timeout_seconds": 10}');
  await tamper(grid, "refs/heads/main", [{ path: "dgrid.json", bytes: settings }]);
  const { ledger } = await grid.look("me");
  match(
    await whyNot(ledger),
    /: the grid would not run it any more: timeout_seconds: 300: must be/,
  );
});

Deno.test("retryTasks() takes a file of the old run along that came back into the queue", async () => {
  const grid = await failedGrid();
  const bytes = new TextEncoder().encode('{"task_id": "t", "script": "evil"}');
  await tamper(grid, "refs/heads/main", [{ path: queuePath("t", "critical"), bytes }]);
  await retryTasks((await grid.look("me")).ledger, ["t"]);
  same(grid.mainFiles(), ["dgrid.json", QUEUED]);
});

Deno.test("of two who retry at once, one does, and the other finds it queued", async () => {
  const grid = await failedGrid();
  const { ledger, store } = await grid.look("me");
  const other = await grid.look("you");
  store.beforeSwap = async () => void await retryTasks(other.ledger, ["t"]);
  match(await whyNot(ledger), /: it is queued already$/);
  same(grid.mainFiles(), ["dgrid.json", QUEUED]);
});

Deno.test("a retry whose answer was lost is not taken for somebody else's", async () => {
  const grid = await failedGrid();
  const { ledger, store } = await grid.look("me");
  store.answersToLose = 1;
  equal(await retryTasks(ledger, ["t"]), grid.server.refs.get("refs/heads/main"));
});

Deno.test("a settlement that meets a retry leaves both results as they should be", async () => {
  const grid = await failedGrid();
  await submitTasks((await grid.look("me")).ledger, [makeTask("u")]);
  const { ledger, store } = await grid.look("n1");
  await claim(ledger, "n1", "u");
  await report(ledger, "success", "u");
  store.beforeSwap = async () => void await retryTasks((await grid.look("me")).ledger, ["t"]);
  await settleAll(ledger);
  same(grid.mainFiles(), ["dgrid.json", resultPath("u", "success"), QUEUED].sort());
});

Deno.test("after a retry, a view of the branch from before the first result claims nothing", async () => {
  const grid = await MemoryGrid.with([makeTask("t", { priority: "high" })]);
  const old = await grid.look("old");
  const oldMain = old.ledger.main.commit;
  const early = claimOf(old.ledger, "old");
  await runOnce(grid, "failed");
  await retryTasks((await grid.look("me")).ledger, ["t"]);
  await runOnce(grid, "success");
  // It sees the shards as they are, and the branch as it was, with the very same file in the queue.
  old.store.oldMain = oldMain;
  await old.ledger.refresh();
  ok(old.ledger.main.queue.has("t"));
  const { heard: [heard] } = await say(old.ledger, [early]);
  ok(!heard.heard);
  equal(heard.refusal?.reason, "t: the branch does not reach the settled mark");
  same(grid.liveFiles(), []);
});

Deno.test("after a retry, a view from between it and its result claims nothing either", async () => {
  const grid = await failedGrid();
  await retryTasks((await grid.look("me")).ledger, ["t"]);
  const between = await grid.look("between");
  const late = claimOf(between.ledger, "between");
  await runOnce(grid, "failed");
  // Its swap is lost at first, and then it looks again.
  const { heard: [heard] } = await say(between.ledger, [late]);
  ok(!heard.heard);
  equal(heard.refusal?.reason, "t: it is not in the queue");
  same(grid.liveFiles(), []);
});

Deno.test("a report from the run before a retry is refused in the run after it", async () => {
  const grid = await MemoryGrid.with([makeTask("t", { priority: "high" })]);
  const { ledger } = await grid.look("n1");
  await claim(ledger, "n1");
  const { claimed_at } = ledger.stateOf("t")!;
  const first = { task_id: "t", node_id: "n1", attempt: 1, claimed_at, retries: 0 };
  grid.clock.advance(1000);
  await report(ledger, "failed");
  await settleAll(ledger);
  await retryTasks((await grid.look("me")).ledger, ["t"]);
  await ledger.refresh();
  ok((await claim(ledger, "n1")).heard);
  const at = grid.clock.now().toISOString();
  const { heard: [heard] } = await say(ledger, [{
    event: { kind: "report", ...first, at, outcome: "success", retry_at: at },
    execution: executionOf("success"),
  }]);
  ok(!heard.heard);
  equal(heard.refusal?.code, "not_owner");
});

Deno.test("retryTasks() fails as any commit does where the server refuses it", async () => {
  const grid = await failedGrid();
  const { ledger, store } = await grid.look("me");
  store.swap = (changes) =>
    Promise.resolve(
      new Map(changes.map(({ ref }) => [ref, { done: false, why: "refused", words: "no" }])),
    );
  await rejects(retryTasks(ledger, ["t"]), { message: "writing to refs/heads/main: no" });
});
