import { deepStrictEqual as same, equal, rejects } from "node:assert/strict";
import { type NewTask, submitStream, submitTasks } from "../../lib/ledger/submit.ts";
import type { Change, CommitWriter } from "../../lib/ledger/store.ts";
import { queuePath, SHARD_PATHS } from "../../lib/protocol/layout.ts";
import { shardOf } from "../../lib/protocol/identity.ts";
import { InvalidInput } from "../../lib/protocol/problem.ts";
import { encodeRecord } from "../../lib/protocol/record.ts";
import { makeTask, type MeddledStore, MemoryGrid, tamper } from "../support/memory_grid.ts";
import { GitGrid } from "../support/git_grid.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function newTask(id: string): NewTask {
  const task = makeTask(id);
  return { ...task, bytes: encodeRecord(task) };
}

async function* streamOf(...ids: string[]): AsyncGenerator<NewTask> {
  for (const id of ids) yield newTask(id);
}

/** Everything that a store is asked to write. */
function spyOn(store: MeddledStore): { kept: number; changes: Change[][] } {
  const seen: { kept: number; changes: Change[][] } = { kept: 0, changes: [] };
  const { write } = store;
  store.write = (work) =>
    write((writer: CommitWriter) =>
      work({
        keep: (content) => {
          seen.kept++;
          return writer.keep(content);
        },
        commit: (order) => {
          seen.changes.push(order.changes);
          return writer.commit(order);
        },
      })
    );
  return seen;
}

Deno.test("submitStream() keeps each task before it asks for the next", async () => {
  const grid = await MemoryGrid.with([]);
  const { ledger, store } = grid.open("me");
  const seen = spyOn(store);
  const keptBefore: number[] = [];
  const { task_ids } = await submitStream(ledger, async function* () {
    for (const id of ["a", "b", "c"]) {
      keptBefore.push(seen.kept);
      yield newTask(id);
    }
  });
  same([keptBefore, task_ids], [[0, 1, 2], ["a", "b", "c"]]);
});

Deno.test("submitStream() places the same contents on the new tip, when its swap is lost", async () => {
  const grid = await MemoryGrid.with([]);
  const other = (await grid.look("other")).ledger;
  const { ledger, store } = grid.open("me");
  const seen = spyOn(store);
  store.beforeSwap = async () => void await submitTasks(other, [makeTask("x")]);
  await submitStream(ledger, () => streamOf("a", "b"));
  equal(seen.kept, 2);
  const [, again] = seen.changes;
  same(again.map((change) => "copyOf" in change && change.copyOf.path), [
    queuePath("a", "medium"),
    queuePath("b", "medium"),
  ]);
  same(
    grid.mainFiles(),
    [
      "dgrid.json",
      ...["a", "b", "x"].map((id) => queuePath(id, "medium")),
    ].sort(),
  );
});

Deno.test("submitStream() refuses an id that somebody else took meanwhile", async () => {
  const grid = await MemoryGrid.with([]);
  const other = (await grid.look("other")).ledger;
  const { ledger, store } = grid.open("me");
  store.beforeSwap = async () => void await submitTasks(other, [makeTask("b")]);
  await rejects(
    submitStream(ledger, () => streamOf("a", "b")),
    (error) => error instanceof InvalidInput && /"b": exists already/.test(error.message),
  );
  same(grid.mainFiles(), ["dgrid.json", queuePath("b", "medium")]);
});

Deno.test("submitStream() changes nothing, when the stream breaks off", async () => {
  const grid = await MemoryGrid.with([]);
  const { ledger } = grid.open("me");
  const broken = async function* () {
    yield* streamOf("a");
    throw new InvalidInput("line 2 is bad");
  };
  await rejects(submitStream(ledger, broken), { message: "line 2 is bad" });
  same(grid.mainFiles(), ["dgrid.json"]);
});

Deno.test("submitTasks() refuses an id that stands twice", async () => {
  const { ledger } = (await MemoryGrid.with([])).open("me");
  await rejects(submitTasks(ledger, [makeTask("a"), makeTask("a")]), {
    message: 'submitting: task_id "a" stands twice',
  });
});

const TAKEN: [where: string, files: Record<string, string>][] = [
  ["tasks/queue/low/0/a.json", { "tasks/queue/low/0/a.json": "{}" }],
  ["tasks/queue/any.json", { "tasks/queue/any.json": '{"id": "a", "command": "true"}' }],
  ["tasks/failed/ca/a.json", { "tasks/failed/ca/a.json": "{}" }],
];

for (const [where, files] of TAKEN) {
  Deno.test(`submitTasks() refuses the id of ${where}`, async () => {
    const { ledger } = (await MemoryGrid.with([], files)).open("me");
    const message = `submitting: task_id "a": exists already (${where}); choose another id`;
    await rejects(submitTasks(ledger, [makeTask("b"), makeTask("a")]), { message });
  });
}

Deno.test("submitTasks() refuses an id on the live edge, though its entry is broken", async () => {
  const grid = await MemoryGrid.with([]);
  const change = { path: SHARD_PATHS.task("a"), bytes: bytes("{") };
  await tamper(grid, grid.names.shard(shardOf("a")), [change]);
  const message = 'submitting: task_id "a": exists already (the live edge); choose another id';
  await rejects(submitTasks(grid.open("me").ledger, [makeTask("a")]), { message });
});

Deno.test("submitStream() submits after a lost swap, in Git", async () => {
  await using grid = await GitGrid.with();
  const ledger = await grid.open("me");
  await using _store = ledger.store;
  const { commit } = await submitStream(ledger, async function* () {
    yield* streamOf("a", "b");
    await grid.commit({ "README.md": "somebody else" });
  });
  await ledger.refresh();
  equal(ledger.main.commit, commit);
  same([...ledger.main.queue.keys()].sort(), ["a", "b"]);
  equal("task" in ledger.main.queue.get("a")!.content, true);
});
