/**
 * Where the live edge is: `ref_prefix` in `dgrid.json` says it, and a process knows it only when it
 * has read that.
 *
 * @module
 */
import { deepStrictEqual as same, equal, rejects } from "node:assert/strict";
import { type Ledger, RefPrefixChanged } from "../../lib/ledger/ledger.ts";
import { BadSettings } from "../../lib/ledger/main_view.ts";
import { say } from "../../lib/ledger/live_edge.ts";
import { RefNames } from "../../lib/protocol/layout.ts";
import { GitGrid } from "../support/git_grid.ts";
import { plainGit } from "../support/git_server.ts";
import { makeTask, MemoryGrid, tamper } from "../support/memory_grid.ts";

const BRANCHES = "refs/heads/dgrid";
const SHARD_OF_T = "e";

function settings(ref_prefix?: string): string {
  return JSON.stringify({ version: 1, ref_prefix });
}

async function claim(ledger: Ledger): Promise<boolean> {
  const spec = ledger.main.queue.get("t")!.blob;
  const event = {
    kind: "claim" as const,
    task_id: "t",
    node_id: "n",
    at: "2026-01-01T00:00:00.000Z",
  };
  const { heard: [answer] } = await say(ledger, [{ event, spec }]);
  return answer.heard;
}

/** The refs of the live edge on the server. */
function liveRefs({ server, names }: MemoryGrid): string[] {
  return [...server.refs.keys()].filter((ref) => ref !== names.branch);
}

Deno.test("refresh() takes the live edge from the place that the settings name", async () => {
  const grid = await MemoryGrid.with([makeTask("t")], { "dgrid.json": settings(BRANCHES) });
  const { ledger } = await grid.look("a");
  equal(ledger.names.prefix, BRANCHES);
  equal(await claim(ledger), true);
  same(liveRefs(grid), [`${BRANCHES}/live/${SHARD_OF_T}`]);
  const other = await grid.look("b");
  equal(other.ledger.stateOf("t")?.node_id, "n");
});

Deno.test("refresh() shows nothing of what is under the prefix that it guessed first", async () => {
  const grid = await MemoryGrid.with([makeTask("t")]);
  equal(await claim((await grid.look("a")).ledger), true);
  await tamper(grid, grid.names.branch, [
    { path: "dgrid.json", bytes: new TextEncoder().encode(settings(BRANCHES)) },
  ]);
  const { ledger } = await grid.look("b");
  same([ledger.stateOf("t"), [...ledger.refs.keys()]], [undefined, [grid.names.branch]]);
});

Deno.test("refresh() lists the refs once a look, and twice where its guess was wrong", async () => {
  for (const [prefix, looks] of [[undefined, [1, 2]], [BRANCHES, [2, 3]]] as const) {
    const grid = await MemoryGrid.with([], { "dgrid.json": settings(prefix) });
    const { ledger, store } = grid.open("a");
    let count = 0;
    const { refs } = store;
    store.refs = () => {
      count++;
      return refs.call(store);
    };
    const counts = [];
    for (let look = 0; look < 2; look++) {
      await ledger.refresh();
      counts.push(count);
    }
    same(counts, looks);
  }
});

Deno.test("refresh() refuses another prefix than the one that this process has worked under", async () => {
  const grid = await MemoryGrid.with([makeTask("t")]);
  const { ledger } = await grid.look("a");
  await tamper(grid, grid.names.branch, [
    { path: "dgrid.json", bytes: new TextEncoder().encode(settings(BRANCHES)) },
  ]);
  const complaint = new RefPrefixChanged("refs/dgrid", BRANCHES);
  equal(
    complaint.message,
    "reading the grid: ref_prefix has changed from refs/dgrid to refs/heads/dgrid: set it back, " +
      "stop all workers, settle, then change it and start them again",
  );
  // It stays so: nobody goes on under the former prefix because he looked once more.
  for (let look = 0; look < 2; look++) await rejects(ledger.refresh(), complaint);
  equal(ledger.names.prefix, "refs/dgrid");
});

Deno.test("refresh() refuses a prefix on the way to the branch", async () => {
  const grid = await MemoryGrid.with([], { "dgrid.json": settings("refs/heads") });
  await rejects(
    grid.open("a").ledger.refresh(),
    new BadSettings(
      'reading dgrid.json: ref_prefix: "refs/heads": ' +
        "must not be refs/heads/main, lie above it or lie below it",
    ),
  );
});

Deno.test("a grid in real Git moves to another prefix, and its local copies forget the former", async () => {
  await using grid = await GitGrid.with({
    "tasks/queue/t.json": JSON.stringify({ task_id: "t", module: "export default () => 1" }),
  });
  {
    const ledger = await grid.open("a");
    await using _store = ledger.store;
    await ledger.refresh();
    equal(await claim(ledger), true);
  }
  const [{ repository }] = await localCopies(grid);
  same((await refsIn(repository)).sort(), [
    `refs/dgrid/live/${SHARD_OF_T}`,
    "refs/heads/main",
  ]);
  await grid.commit({ "dgrid.json": settings(BRANCHES) });
  const ledger = await grid.open("b");
  await using _store = ledger.store;
  await ledger.refresh();
  equal(await claim(ledger), true);
  const shard = `${BRANCHES}/live/${SHARD_OF_T}`;
  same((await refsIn(repository)).sort(), [shard, "refs/heads/main"]);
  equal((await refsIn(grid.url)).includes(shard), true);
  const names = new RefNames("main", BRANCHES);
  const config = await plainGit(repository, "config", "--get-all", "remote.grid.fetch");
  same(config.trim().split("\n"), names.followed.map((ref) => `+${ref}:${ref}`));
});

Deno.test("a local copy that is made again wants nothing that was under the former prefix", async () => {
  await using grid = await GitGrid.with({
    "tasks/queue/t.json": JSON.stringify({ task_id: "t", module: "export default () => 1" }),
  });
  const ledger = await grid.open("a");
  await using store = ledger.store;
  await ledger.refresh();
  equal(await claim(ledger), true);
  await store.follow(new RefNames("main", BRANCHES));
  await plainGit(grid.url, "update-ref", "-d", `refs/dgrid/live/${SHARD_OF_T}`);
  await plainGit(grid.url, "gc", "--quiet", "--prune=now");
  const [{ repository }] = await localCopies(grid);
  await Deno.remove(`${repository}/objects`, { recursive: true });
  equal((await store.log(ledger.mainCommit!, 1)).length, 1);
});

async function refsIn(repository: string): Promise<string[]> {
  return (await plainGit(repository, "for-each-ref", "--format=%(refname)")).trim().split("\n");
}

async function localCopies(grid: GitGrid): Promise<{ repository: string }[]> {
  const folder = `${grid.folder}/home/repositories`;
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  return names.map((name) => ({ repository: `${folder}/${name}/0/copy.git` }));
}
