import { deepStrictEqual as same, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "@std/path";
import { BadSettings } from "../../lib/ledger/main_view.ts";
import { BATCH_BYTES, readInBatches } from "../../lib/ledger/read_in_batches.ts";
import type { Change } from "../../lib/ledger/store.ts";
import { queuePath, resultPath } from "../../lib/protocol/layout.ts";
import { GitGrid } from "../support/git_grid.ts";
import { plainGit } from "../support/git_server.ts";
import { makeTask, MemoryGrid, tamper } from "../support/memory_grid.ts";

const at = (id: string) => queuePath(id, "medium");
const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const file = (path: string, value: unknown): Change => ({ path, bytes: bytesOf(value) });

/** The files of a grid in memory, each with its value as JSON, as they are understood. */
async function look(files: Record<string, unknown>) {
  const texts = Object.entries(files).map(([path, value]) => [
    path,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const grid = await MemoryGrid.with([], Object.fromEntries(texts));
  return (await grid.look("n1")).ledger.main;
}

Deno.test("a file that was settled and came back between two looks is not run again", async () => {
  const grid = await MemoryGrid.with([makeTask("a"), makeTask("b")]);
  const { ledger } = await grid.look("n1");
  ok(ledger.main.queue.has("a"));
  // Others settle it and revert the removal: the path and the content are as they were.
  await tamper(grid, grid.names.branch, [file(resultPath("a", "success"), {})]);
  await ledger.refresh();
  same([...ledger.main.queue.keys()], ["b"]);
  same(ledger.main.leftovers, [at("a")]);
  match(ledger.main.strays.get(at("a"))!, /^it has a result already, tasks\/completed\//);
});

Deno.test("a file whose result was taken back is in the queue again", async () => {
  const grid = await MemoryGrid.with([makeTask("a")], { [resultPath("b", "failed")]: "{}" });
  const { ledger } = await grid.look("n1");
  await tamper(grid, grid.names.branch, [file(resultPath("a", "failed"), {})]);
  await ledger.refresh();
  equal(ledger.main.queue.size, 0);
  await tamper(grid, grid.names.branch, [{ path: resultPath("a", "failed"), remove: true }]);
  await ledger.refresh();
  same([...ledger.main.queue.keys()], ["a"]);
});

const OLD = { id: "victim", command: "evil" };
const GOOD = { ...makeTask("victim"), submitted_by: "good" };
const HIGH = { ...GOOD, priority: "high" };

const twins: [what: string, files: Record<string, unknown>, winner: string][] = [
  [
    "its own place goes before a file of another name that sorts before it",
    { "tasks/queue/aaa.json": OLD, [at("victim")]: GOOD },
    at("victim"),
  ],
  [
    "its own place goes before another name, even where it is broken",
    { "tasks/queue/aaa.json": OLD, [at("victim")]: "{" },
    at("victim"),
  ],
  [
    "its own place goes before the flat queue",
    { "tasks/queue/victim.json": GOOD, [at("victim")]: GOOD },
    at("victim"),
  ],
  [
    "its own name in the flat queue goes before another name",
    { "tasks/queue/aaa.json": OLD, "tasks/queue/victim.json": GOOD },
    "tasks/queue/victim.json",
  ],
  [
    "of two places of its own, a task goes before a broken file",
    { [queuePath("victim", "high")]: GOOD, [at("victim")]: GOOD },
    at("victim"),
  ],
  [
    "of two that are alike, the first path counts",
    { [queuePath("victim", "high")]: HIGH, [at("victim")]: GOOD },
    queuePath("victim", "high"),
  ],
];

for (const [what, files, winner] of twins) {
  Deno.test(`of several files for one task, ${what}`, async () => {
    const { queue, strays, pathsOf } = await look(files);
    equal(queue.get("victim")?.path, winner);
    const losers = Object.keys(files).filter((path) => path !== winner);
    same(
      [...strays],
      losers.map((it) => [it, `victim is in the queue twice, and ${winner} counts`]),
    );
    same(pathsOf.get("victim")?.toSorted(), Object.keys(files).sort());
  });
}

Deno.test("what is kept of a task is without what it runs, its input and its signature", async () => {
  const task = { ...makeTask("a"), input: [1], signature: { by: "me" } };
  const { content } = (await look({ [at("a")]: task })).queue.get("a")!;
  ok("task" in content);
  const { script: _s, module: _m, input: _i, signature: _g, ...rest } = makeTask("a");
  same(content.task, { ...rest, kind: "module" });
});

Deno.test("a task that is nested too deep is a problem in the queue", async () => {
  const deep = `{"task_id":"a","module":"x","input":${"[".repeat(8_000)}${"]".repeat(8_000)}}`;
  const { content } = (await look({ [at("a")]: deep })).queue.get("a")!;
  match(
    "problem" in content ? content.problem : "",
    /^input: \[+\.\.\.: must be nested at most 64/,
  );
});

Deno.test("readMain() holds no more than a batch of contents, and fetches them all at once", async () => {
  const large = (id: string) => ({ ...makeTask(id), input: "x".repeat(1_000_000) });
  const ids = Array.from({ length: 40 }, (_, index) => `t${index}`);
  const files = Object.fromEntries(ids.map((id) => [at(id), JSON.stringify(large(id))]));
  const grid = await MemoryGrid.with([], files);
  const { ledger, store } = grid.open("n1");
  const read = store.read.bind(store);
  const asked: [count: number, bytes: number][] = [];
  store.read = async (oids, maxBytes) => {
    const contents = await read(oids, maxBytes);
    const sizes = [...contents.values()].map((it) => it instanceof Uint8Array ? it.length : 0);
    asked.push([oids.length, sizes.reduce((sum, size) => sum + size, 0)]);
    return contents;
  };
  await ledger.refresh();
  equal(ledger.main.queue.size, 40);
  const [first, ...batches] = asked.filter(([count]) => count > 1);
  same(first, [40, 0]);
  equal(batches.reduce((sum, [count]) => sum + count, 0), 40);
  ok(batches.length === 3 && batches.every(([, bytes]) => bytes <= BATCH_BYTES), `${asked}`);
});

Deno.test("readMain() reads the settings again only when their file is another", async () => {
  const grid = await MemoryGrid.with([]);
  const { ledger, store } = grid.open("n1");
  const read = store.read.bind(store);
  let asked = 0;
  store.read = (oids, maxBytes) => (asked += oids.length, read(oids, maxBytes));
  const asksAfter = async (...changes: Change[]) => {
    asked = 0;
    await tamper(grid, grid.names.branch, changes);
    await ledger.refresh();
    return asked;
  };
  await ledger.refresh();
  equal(await asksAfter(file("other", {})), 0);
  equal(await asksAfter(file("dgrid.json", { version: 1, max_attempts: 7 })), 1);
  equal(ledger.main.settings.max_attempts, 7);
  equal(await asksAfter({ path: "dgrid.json", remove: true }), 0);
  equal(ledger.main.settings.max_attempts, 3);
});

Deno.test("readInBatches() gives each content once, and says which are too large", async () => {
  const grid = new MemoryGrid();
  const { store } = grid.open("n1");
  const contents = [new Uint8Array(0), new Uint8Array(10), new Uint8Array(BATCH_BYTES * 2)];
  const oids = contents.map((bytes) => grid.server.keep(bytes));
  const batches = await Array.fromAsync(readInBatches(store, [...oids, ...oids], 10));
  same(batches.length, 1);
  same(batches[0].get(oids[0])!, contents[0]);
  same(batches[0].get(oids[1])!, contents[1]);
  same(batches[0].get(oids[2])!, { tooLarge: BATCH_BYTES * 2 });
  same(await Array.fromAsync(readInBatches(store, [], 10)), []);
});

const noFiles: [kind: string, make: (work: string) => Promise<unknown>][] = [
  ["symbolic link", (work) => Deno.symlink("elsewhere.json", join(work, "dgrid.json"))],
  ["folder", async (work) => {
    await Deno.mkdir(join(work, "dgrid.json"));
    await Deno.writeTextFile(join(work, "dgrid.json", "a"), "");
  }],
  ["submodule", (work) => {
    const entry = `160000,${"1".repeat(40)},dgrid.json`;
    return plainGit(work, "update-index", "--add", "--cacheinfo", entry);
  }],
];

for (const [kind, make] of noFiles) {
  Deno.test(`a dgrid.json that is a ${kind} is refused by that name`, async () => {
    await using grid = await GitGrid.with();
    await grid.commit({}, async (work) => {
      await plainGit(work, "rm", "--quiet", "dgrid.json");
      await make(work);
      if (kind !== "submodule") await plainGit(work, "add", "--all");
    });
    const ledger = await grid.open("n1");
    await using _store = ledger.store;
    await rejects(ledger.refresh(), (error: Error) => {
      ok(error instanceof BadSettings);
      equal(error.message, `reading dgrid.json: must be a plain file, and is a ${kind}`);
      return true;
    });
  });
}
