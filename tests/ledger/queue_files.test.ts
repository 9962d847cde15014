import { deepStrictEqual as same, equal, match, ok } from "node:assert/strict";
import { join } from "@std/path";
import type { Ledger } from "../../lib/ledger/ledger.ts";
import { queuePath } from "../../lib/protocol/layout.ts";
import { plainGit } from "../support/git_server.ts";
import { GitGrid } from "../support/git_grid.ts";
import { makeTask } from "../support/memory_grid.ts";

/** What a look at the grid says of a file in the queue. */
async function problemOf(ledger: Ledger, id: string): Promise<string | undefined> {
  await ledger.refresh();
  const content = ledger.main.queue.get(id)?.content;
  return content && "problem" in content ? content.problem : undefined;
}

async function look(
  files: Record<string, string | Uint8Array>,
  check: (ledger: Ledger) => Promise<void>,
  extra?: (work: string) => Promise<void>,
): Promise<void> {
  await using grid = await GitGrid.with();
  await grid.commit(files, extra);
  const ledger = await grid.open("n1");
  await using _store = ledger.store;
  await check(ledger);
}

const at = (id: string) => queuePath(id, "medium");
const text = (id: string, more = {}) => JSON.stringify({ ...makeTask(id), ...more });

const broken: [what: string, content: string | Uint8Array, problem: RegExp][] = [
  ["is not JSON", "{", /^must be JSON/],
  ["is not UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), /^must be valid UTF-8$/],
  ["has 5 MB", new Uint8Array(5_000_000).fill(32), /^5000000 bytes: must have at most 1048576/],
  ["has an unknown field", text("a", { colour: "red" }), /^colour: "red": unknown field$/],
  ["names another task", text("b"), /^task_id: "b": must be the file's name/],
  ["lies at the wrong priority", text("a", { priority: "low" }), /^must be at tasks\/queue\/low\//],
];

for (const [what, content, problem] of broken) {
  Deno.test(`a file in the queue that ${what} is a problem with its reason`, () =>
    look({ [at("a")]: content }, async (ledger) => {
      match(await problemOf(ledger, "a") ?? "no problem", problem);
    }));
}

Deno.test("a symbolic link in the queue is a problem, and is not followed", () =>
  look(
    { "secret.json": text("a") },
    async (ledger) => {
      match(await problemOf(ledger, "a") ?? "", /^must be a plain file, and is a symbolic link$/);
    },
    async (work) => {
      const place = join(work, at("a"));
      await Deno.mkdir(join(place, ".."), { recursive: true });
      await Deno.symlink("../../../../secret.json", place);
      await plainGit(work, "add", "--all");
    },
  ));

Deno.test("a submodule in the queue is a problem, and is not followed", () =>
  look(
    {},
    async (ledger) => {
      match(await problemOf(ledger, "a") ?? "", /^must be a plain file, and is a submodule$/);
    },
    async (work) => {
      const entry = `160000,${"1".repeat(40)},${at("a")}`;
      await plainGit(work, "update-index", "--add", "--cacheinfo", entry);
    },
  ));

Deno.test("files without a usable name are passed over with the reason", () =>
  look({
    "tasks/queue/no task id.json": "{}",
    "tasks/queue/README.md": "hello",
    "tasks/queue/urgent/1/a.json": text("a"),
    "tasks/queue/high/x/b.json": text("b"),
    "tasks/queue/.gitkeep": "",
  }, async (ledger) => {
    await ledger.refresh();
    equal(ledger.main.queue.size, 0);
    equal(ledger.main.strays.size, 4, [...ledger.main.strays.keys()].join());
  }));

Deno.test("a file of the first version may have any name in the flat queue", () =>
  look({ "tasks/queue/my task.json": '{"id": "one", "command": "true"}' }, async (ledger) => {
    equal(await problemOf(ledger, "one"), undefined);
    ok(ledger.main.queue.has("one"));
  }));

Deno.test("a task that does not say its priority has that of its folder", () =>
  look({ [queuePath("a", "high")]: '{"task_id": "a", "script": "true"}' }, async (ledger) => {
    equal(await problemOf(ledger, "a"), undefined);
    const content = ledger.main.queue.get("a")!.content;
    equal("task" in content && content.task.priority, "high");
  }));

Deno.test("a task filed twice is taken once", () =>
  look({ [at("a")]: text("a"), "tasks/queue/a.json": text("a") }, async (ledger) => {
    await ledger.refresh();
    same([...ledger.main.queue.keys()], ["a"]);
    equal(ledger.main.pathsOf.get("a")?.length, 2);
  }));

Deno.test("a broken file does not hide a good one of the same task", () =>
  look({ "tasks/queue/a.json": "{", [at("a")]: text("a") }, async (ledger) => {
    equal(await problemOf(ledger, "a"), undefined);
    ok(ledger.main.queue.has("a"));
  }));

Deno.test("a look reads only files that are new", async () => {
  await using grid = await GitGrid.with({ [at("a")]: text("a") });
  const ledger = await grid.open("n1");
  await using _store = ledger.store;
  await ledger.refresh();
  await grid.commit({ [at("b")]: text("b") });
  const asked: string[] = [];
  const read = ledger.store.read.bind(ledger.store);
  ledger.store.read = (oids, maxBytes) => {
    asked.push(...oids);
    return read(oids, maxBytes);
  };
  await ledger.refresh();
  same(asked.filter((oid) => oid === ledger.main.queue.get("a")!.blob), []);
  ok(asked.includes(ledger.main.queue.get("b")!.blob));
});
