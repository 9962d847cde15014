import { deepStrictEqual as same, equal, match } from "node:assert/strict";
import { join } from "@std/path";
import type { Ledger } from "../../lib/ledger/ledger.ts";
import { say } from "../../lib/ledger/live_edge.ts";
import { readSpec, readSpecs } from "../../lib/ledger/specs.ts";
import { shardOf } from "../../lib/protocol/identity.ts";
import { queuePath, SHARD_PATHS } from "../../lib/protocol/layout.ts";
import { GitGrid } from "../support/git_grid.ts";
import { plainGit } from "../support/git_server.ts";
import { makeTask, MemoryGrid, tamper } from "../support/memory_grid.ts";

async function claim(ledger: Ledger, task_id: string): Promise<void> {
  const at = ledger.writer.clock.now().toISOString();
  const spec = ledger.main.queue.get(task_id)!.blob;
  await say(ledger, [{ event: { kind: "claim", task_id, node_id: "n1", at }, spec }]);
}

/** A grid where `a` and `b` are claimed, and the spec of `a` is then replaced by hand. */
async function gridWithSpec(text: string): Promise<Ledger> {
  const grid = await MemoryGrid.with([makeTask("a"), makeTask("b")]);
  const { ledger } = await grid.look("n1");
  for (const id of ["a", "b"]) await claim(ledger, id);
  const bytes = new TextEncoder().encode(text);
  await tamper(grid, grid.names.shard(shardOf("a")), [{ path: SHARD_PATHS.spec("a"), bytes }]);
  await ledger.refresh();
  return ledger;
}

const garbage: [what: string, text: string, problem: RegExp][] = [
  ["no JSON", "{", /^must be JSON/],
  ["no task", '{"task_id": "a"}', /^must have either script or module, and has neither$/],
  ["another's", JSON.stringify(makeTask("b")), /^task_id: "b": must be "a"$/],
  ["too large", " ".repeat(1_048_577), /^must have at most 1048576 bytes$/],
];

for (const [what, text, problem] of garbage) {
  Deno.test(`a spec that is ${what} is a problem, and readSpec() says which`, async () => {
    const ledger = await gridWithSpec(text);
    const { content } = (await readSpec(ledger, "a"))!;
    match("problem" in content ? content.problem : "no problem", problem);
    equal(await readSpec(ledger, "none"), undefined);
  });
}

Deno.test("readSpecs() leaves out what is no task", async () => {
  const ledger = await gridWithSpec("{");
  const blobs = [(await readSpec(ledger, "a"))!.blob, ledger.main.queue.get("b")!.blob];
  const tasks = await readSpecs(ledger, blobs);
  same([...tasks].map(([blob, task]) => [blob, task.task_id]), [[blobs[1], "b"]]);
});

Deno.test("a spec that is a submodule is a problem, and is not fetched", async () => {
  await using grid = await GitGrid.with();
  const state = {
    version: 1,
    task_id: "a",
    status: "claimed",
    attempt: 1,
    node_id: "n1",
    claimed_at: "2026-01-01T00:00:00Z",
    attempts: [],
  };
  const work = await Deno.makeTempDir({ dir: grid.folder });
  await plainGit(work, "init", "--quiet");
  await Deno.mkdir(join(work, SHARD_PATHS.tasks));
  await Deno.writeTextFile(join(work, SHARD_PATHS.task("a")), JSON.stringify(state));
  await plainGit(work, "add", "--all");
  const entry = `160000,${"1".repeat(40)},${SHARD_PATHS.spec("a")}`;
  await plainGit(work, "update-index", "--add", "--cacheinfo", entry);
  await plainGit(work, "commit", "--quiet", "--message=by hand");
  await plainGit(work, "push", "--quiet", grid.url, `HEAD:refs/dgrid/live/${shardOf("a")}`);
  const ledger = await grid.open("n1");
  await using _store = ledger.store;
  await ledger.refresh();
  same((await readSpec(ledger, "a"))?.content, {
    problem: "must be a plain file, and is a submodule",
  });
});

Deno.test("a spec has the priority of the folder that its file is in", async () => {
  const path = queuePath("a", "high");
  const grid = await MemoryGrid.with([], { [path]: '{"task_id": "a", "script": "true"}' });
  const { ledger } = await grid.look("n1");
  await claim(ledger, "a");
  const { content, blob } = (await readSpec(ledger, "a"))!;
  equal("task" in content && content.task.priority, "high");
  equal((await readSpecs(ledger, [blob])).get(blob)?.priority, "high");
});
