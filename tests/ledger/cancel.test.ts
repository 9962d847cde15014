import { deepStrictEqual as same, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { cancelTasks, personId } from "../../lib/ledger/cancel.ts";
import type { Ledger } from "../../lib/ledger/ledger.ts";
import { say } from "../../lib/ledger/live_edge.ts";
import { standingsOf } from "../../lib/ledger/results.ts";
import { settleAll } from "../../lib/ledger/settle.ts";
import { isNodeId } from "../../lib/protocol/identity.ts";
import { queuePath, resultPath } from "../../lib/protocol/layout.ts";
import type { Result } from "../../lib/protocol/result.ts";
import { executionOf } from "../support/fake_executor.ts";
import { GitGrid } from "../support/git_grid.ts";
import { plainGit } from "../support/git_server.ts";
import { makeTask, MemoryGrid, tamper } from "../support/memory_grid.ts";

async function claim(ledger: Ledger): Promise<void> {
  const at = ledger.writer.clock.now().toISOString();
  const spec = ledger.main.queue.get("t")?.blob;
  const event = { kind: "claim", task_id: "t", node_id: "n1", at } as const;
  ok((await say(ledger, [{ event, spec }])).heard[0].heard);
}

/** What the owner says of its attempt. */
function owned(ledger: Ledger) {
  const { task_id, node_id, attempt, claimed_at } = ledger.stateOf("t")!;
  const at = ledger.writer.clock.now().toISOString();
  return { task_id, node_id, attempt, claimed_at, at };
}

async function report(ledger: Ledger): Promise<void> {
  const event = { kind: "report", ...owned(ledger), outcome: "success" } as const;
  const whole = { ...event, retries: 0, retry_at: event.at };
  ok((await say(ledger, [{ event: whole, execution: executionOf("success") }])).heard[0].heard);
}

async function settledResult(ledger: Ledger): Promise<Result> {
  await settleAll(ledger);
  const standing = (await standingsOf(ledger, ["t"])).get("t")!;
  ok(standing.where === "settled");
  return standing.result;
}

Deno.test("cancelTasks() ends a queued task at once, and says who wanted it", async () => {
  const grid = await MemoryGrid.with([makeTask("t")]);
  const { ledger } = await grid.look("me");
  same(await cancelTasks(ledger, ["t", "t"]), [{ task_id: "t", became: "cancelled" }]);
  const result = await settledResult(ledger);
  same(
    [result.status, result.node_id, result.reason, result.exit_code],
    ["cancelled", "me-example.com", "cancelled by me", null],
  );
  equal((result.task as { task_id: string }).task_id, "t");
  same(grid.mainFiles(), ["dgrid.json", resultPath("t", "cancelled")]);
});

Deno.test("cancelTasks() ends a task that waits for a retry, and keeps its attempts", async () => {
  const grid = await MemoryGrid.with([makeTask("t")]);
  const { ledger } = await grid.look("n1");
  await claim(ledger);
  await say(ledger, [{ event: { kind: "hand_back", ...owned(ledger) } }]);
  const { ledger: mine } = await grid.look("me");
  same(await cancelTasks(mine, ["t"]), [{ task_id: "t", became: "cancelled" }]);
  const { attempts, task } = await settledResult(mine);
  same(attempts.map(({ attempt, outcome }) => [attempt, outcome]), [
    [1, "handed_back"],
    [2, "cancelled"],
  ]);
  ok(task);
});

Deno.test("cancelTasks() asks the owner of a running task, and once more does no harm", async () => {
  const grid = await MemoryGrid.with([makeTask("t")]);
  const { ledger } = await grid.look("n1");
  await claim(ledger);
  const { ledger: mine } = await grid.look("me");
  for (const _ of [1, 2]) {
    same(await cancelTasks(mine, ["t"]), [{ task_id: "t", became: "cancelling", node_id: "n1" }]);
  }
  equal(mine.stateOf("t")?.status, "cancelling");
});

Deno.test("cancelTasks() asks the owner when a claim was faster", async () => {
  const grid = await MemoryGrid.with([makeTask("t")]);
  const { ledger, store } = await grid.look("me");
  const node = await grid.look("n1");
  store.beforeSwap = () => claim(node.ledger);
  same(await cancelTasks(ledger, ["t"]), [{ task_id: "t", became: "cancelling", node_id: "n1" }]);
});

Deno.test("cancelTasks() says how a task ended whose end was faster", async () => {
  const grid = await MemoryGrid.with([makeTask("t")]);
  const node = await grid.look("n1");
  await claim(node.ledger);
  const { ledger, store } = await grid.look("me");
  store.beforeSwap = () => report(node.ledger);
  const refused = { task_id: "t", became: "refused", isUnknown: false };
  same(await cancelTasks(ledger, ["t"]), [{
    ...refused,
    words: "it has ended already: success",
  }]);
  await settleAll(node.ledger);
  await ledger.refresh();
  same(await cancelTasks(ledger, ["t"]), [{
    ...refused,
    words: `it has ended already, see ${resultPath("t", "success")}`,
  }]);
});

Deno.test("cancelTasks() cancels the file that replaced the one it saw", async () => {
  const grid = await MemoryGrid.with([makeTask("t")]);
  const { ledger, store } = await grid.look("me");
  const mended = new TextEncoder().encode('{"task_id": "t", "script": "other"}');
  store.beforeSwap = async () => {
    // The shard moves as well, so that the swap is lost and the branch is read again.
    const path = queuePath("t", "medium");
    await tamper(grid, "refs/heads/main", [{ path, bytes: mended }]);
    await tamper(grid, "refs/dgrid/live/e", [{ path: "note", bytes: mended }]);
  };
  same(await cancelTasks(ledger, ["t"]), [{ task_id: "t", became: "cancelled" }]);
  equal(((await settledResult(ledger)).task as { script: string }).script, "other");
});

Deno.test("cancelTasks() cancels each alone, and refuses what there is not", async () => {
  const grid = await MemoryGrid.with([makeTask("t")]);
  const { ledger } = await grid.look("me");
  const [none, t] = await cancelTasks(ledger, ["none", "t"]);
  same([none.became === "refused" && none.isUnknown, t.became], [true, "cancelled"]);
});

Deno.test("cancelTasks() refuses an entry that nobody can read", async () => {
  const grid = await MemoryGrid.with([makeTask("t")]);
  const bytes = new TextEncoder().encode("{");
  await tamper(grid, "refs/dgrid/live/e", [{ path: "tasks/t.json", bytes }]);
  const [t] = await cancelTasks((await grid.look("me")).ledger, ["t"]);
  match(t.became === "refused" ? t.words : "", /^its entry on the live edge cannot be read: must/);
});

Deno.test("cancelTasks() does nothing where the branch is older than the shard's settled mark", async () => {
  const grid = await MemoryGrid.with([makeTask("t")]);
  const bytes = new TextEncoder().encode("1".repeat(40));
  await tamper(grid, "refs/dgrid/live/e", [{ path: "settled", bytes }]);
  const [t] = await cancelTasks((await grid.look("me")).ledger, ["t"]);
  match(t.became === "refused" ? t.words : "", /the branch does not reach the settled mark$/);
});

Deno.test("cancelTasks() takes a task out that was filed twice, and one that is broken", async () => {
  const files = {
    [queuePath("t", "medium")]: JSON.stringify(makeTask("t")),
    "tasks/queue/t.json": JSON.stringify(makeTask("t")),
    [queuePath("bad", "low")]: "{",
  };
  const grid = await MemoryGrid.with([], files);
  const { ledger } = await grid.look("me");
  same((await cancelTasks(ledger, ["t", "bad"])).map(({ became }) => became), [
    "cancelled",
    "cancelled",
  ]);
  await settleAll(ledger);
  same(
    grid.mainFiles(),
    [
      "dgrid.json",
      resultPath("bad", "cancelled"),
      resultPath("t", "cancelled"),
    ].sort(),
  );
});

const strange: [what: string, mode: string, content: string][] = [
  ["a submodule", "160000", ""],
  ["a symbolic link", "120000", "/etc/passwd"],
];

for (const [what, mode, content] of strange) {
  Deno.test(`cancelTasks() takes ${what} out of the queue`, async () => {
    await using grid = await GitGrid.with();
    await grid.commit({}, async (work) => {
      await Deno.writeTextFile(`${work}/.git/content`, content);
      const blob = (await plainGit(work, "hash-object", "-w", ".git/content")).trim();
      const oid = mode === "160000" ? "1".repeat(40) : blob;
      const entry = `${mode},${oid},${queuePath("t", "medium")}`;
      await plainGit(work, "update-index", "--add", "--cacheinfo", entry);
    });
    const ledger = await grid.open("me");
    await using _store = ledger.store;
    await ledger.refresh();
    same(await cancelTasks(ledger, ["t"]), [{ task_id: "t", became: "cancelled" }]);
    equal((await settledResult(ledger)).task, null);
  });
}

Deno.test("personId() is an id for whoever asks", () => {
  equal(personId({ email: "tester@example.com", name: "Tester" }), "tester-example.com");
  equal(personId({ email: "@", name: "Ünal Ö" }), "nal-");
  equal(personId({ email: "", name: "" }), "somebody");
  equal(personId({ email: "..a...b@x.lock.", name: "x" }), "a.b-x");
  const text = fc.string({ unit: fc.constantFrom(..."aZ0-_.@ ü/lock".split("")), maxLength: 90 });
  fc.assert(fc.property(text, text, (email, name) => isNodeId(personId({ email, name }))));
});
