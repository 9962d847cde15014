import { deepStrictEqual as same, equal, ok } from "node:assert/strict";
import { commitToBranch } from "../../lib/ledger/branch.ts";
import type { Ledger } from "../../lib/ledger/ledger.ts";
import { say } from "../../lib/ledger/live_edge.ts";
import { countFinished, settleAll, type Settlement, settleSome } from "../../lib/ledger/settle.ts";
import { submitTasks } from "../../lib/ledger/submit.ts";
import { shardOf } from "../../lib/protocol/identity.ts";
import { queuePath, resultPath, SHARD_PATHS } from "../../lib/protocol/layout.ts";
import type { Status } from "../../lib/protocol/live_state.ts";
import { notRun } from "../../lib/protocol/result.ts";
import { makeTask, MemoryGrid, tamper } from "../support/memory_grid.ts";

/** Runs tasks from claim to report, without a worker. */
async function finish(ledger: Ledger, ids: string[], outcome: Exclude<Status, "lost"> = "success") {
  const node_id = ledger.writer.name;
  const at = ledger.writer.clock.now().toISOString();
  await say(
    ledger,
    ids.map((task_id) => ({
      event: { kind: "claim", task_id, node_id, at },
      spec: ledger.main.queue.get(task_id)?.blob,
    })),
  );
  await say(
    ledger,
    ids.map((task_id) => ({
      event: {
        kind: "report",
        task_id,
        node_id,
        attempt: 1,
        claimed_at: at,
        at,
        outcome,
        retries: 0,
        retry_at: at,
      },
      execution: { ...notRun("rejected", ""), status: outcome },
      task: makeTask(task_id),
    })),
  );
}

function lost(settlement: Settlement): boolean {
  return settlement.settled === undefined;
}

const ids = ["a", "b", "c", "d", "e"];

Deno.test("settleSome() moves results to the branch and leaves nothing on the live edge", async () => {
  const grid = await MemoryGrid.with(ids.map((id) => makeTask(id)));
  const { ledger } = await grid.look("n1");
  await finish(ledger, ["a", "b"]);
  await finish(ledger, ["c"], "timeout");
  same(await settleSome(ledger), { settled: 3 });
  same(grid.liveFiles(), []);
  same(
    grid.mainFiles(),
    [
      "dgrid.json",
      queuePath("d", "medium"),
      queuePath("e", "medium"),
      resultPath("a", "success"),
      resultPath("b", "success"),
      resultPath("c", "timeout"),
    ].sort(),
  );
  equal(resultPath("c", "timeout").split("/")[1], "failed");
});

Deno.test("settleSome() marks each shard with the very commit that holds its results", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const { ledger } = await grid.look("n1");
  await finish(ledger, ["a"]);
  await settleSome(ledger);
  const { ledger: other } = await grid.look("n2");
  equal(other.shard(shardOf("a")).settled, grid.server.refs.get(grid.names.branch));
});

Deno.test("settleSome() drops its attempt when somebody else has settled", async () => {
  const grid = await MemoryGrid.with(ids.map((id) => makeTask(id)));
  const { ledger: one, store } = await grid.look("n1");
  await finish(one, ids);
  const { ledger: two } = await grid.look("n2");
  store.beforeSwap = async () => void await settleAll(two);
  equal(lost(await settleSome(one)), true);
  const commits = await two.store.log(two.main.commit, 10);
  equal(commits.filter(({ subject }) => subject.includes("settle")).length, 1);
  await one.refresh();
  equal(await settleAll(one), 0);
  equal(grid.mainFiles().filter((path) => path.startsWith("tasks/completed")).length, ids.length);
});

Deno.test("settleSome() changes neither side when the branch has moved", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const { ledger: one, store } = await grid.look("n1");
  await finish(one, ["a"]);
  const { ledger: two } = await grid.look("n2");
  store.beforeSwap = async () => void await submitTasks(two, [makeTask("new")]);
  const before = grid.liveFiles();
  equal(lost(await settleSome(one)), true);
  same(grid.liveFiles(), before);
  await one.refresh();
  equal(await settleAll(one), 1);
  same(
    grid.mainFiles(),
    ["dgrid.json", queuePath("new", "medium"), resultPath("a", "success")].sort(),
  );
});

Deno.test("settleSome() leaves what is claimed where it is", async () => {
  const grid = await MemoryGrid.with(ids.map((id) => makeTask(id)));
  const { ledger } = await grid.look("n1");
  await finish(ledger, ["a"]);
  const at = ledger.writer.clock.now().toISOString();
  await say(ledger, [{
    event: { kind: "claim", task_id: "b", node_id: "n1", at },
    spec: ledger.main.queue.get("b")!.blob,
  }]);
  await settleSome(ledger);
  same(grid.liveFiles(), ["specs/b.json", "tasks/b.json"]);
  equal(countFinished(ledger), 0);
});

Deno.test("settleSome() removes all files of a task that was filed twice", async () => {
  const text = JSON.stringify(makeTask("a"));
  const twice = { "tasks/queue/a.json": text, [queuePath("a", "medium")]: text };
  const grid = await MemoryGrid.with([], twice);
  const { ledger } = await grid.look("n1");
  await finish(ledger, ["a"]);
  await settleSome(ledger);
  same(grid.mainFiles(), ["dgrid.json", resultPath("a", "success")].sort());
});

Deno.test("a task whose file comes back after it was settled is not run again", async () => {
  const grid = await MemoryGrid.with([makeTask("b")], {
    [queuePath("a", "medium")]: JSON.stringify(makeTask("a")),
    [resultPath("a", "failed")]: "{}",
  });
  const { ledger } = await grid.look("n1");
  same([...ledger.main.queue.keys()], ["b"]);
  same([...ledger.main.strays.keys()], [queuePath("a", "medium")]);
  await finish(ledger, ["b"]);
  await settleSome(ledger);
  same(ledger.main.leftovers, [], "the file that came back is gone");
});

Deno.test("settleSome() takes the shards that were chosen, and leaves the others as they are", async () => {
  const many = Array.from({ length: 60 }, (_, index) => `many-${index}`);
  const grid = await MemoryGrid.with(many.map((id) => makeTask(id)));
  const { ledger } = await grid.look("n1");
  await finish(ledger, many);
  const before = new Map(grid.server.refs);
  const isChosen = (shard: string) => shard < "4";
  const chosen = many.filter((id) => isChosen(shardOf(id)));
  equal(countFinished(ledger, isChosen), chosen.length);
  same(await settleSome(ledger, isChosen), { settled: chosen.length });
  const moved = [...grid.server.refs].filter(([ref, tip]) => before.get(ref) !== tip);
  same(moved.map(([ref]) => ref).sort(), [
    ...["0", "1", "2", "3"].map((shard) => grid.names.shard(shard)),
    grid.names.branch,
  ]);
  equal(countFinished(ledger), 60 - chosen.length);
});

Deno.test("settleSome() changes more on the branch in the same commit, or that alone", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const { ledger, store } = await grid.look("n1");
  const more = (path: string) => [{ path, bytes: new Uint8Array() }];
  await finish(ledger, ["a"]);
  same(await settleSome(ledger, undefined, more("nodes/x.json")), { settled: 1 });
  same(await settleSome(ledger, undefined, more("nodes/y.json")), { settled: 0 });
  same(grid.mainFiles().slice(1, 3), ["nodes/x.json", "nodes/y.json"]);
  same((await store.log(ledger.main.commit, 2)).map(({ subject }) => subject), [
    "n1: record 1 node",
    "n1: settle 1 result, record 1 node",
  ]);
  const { commit } = ledger.main;
  same(await settleSome(ledger), { settled: 0 });
  equal(grid.server.refs.get(grid.names.branch), commit);
});

Deno.test("settleSome() does not try what has moved since it was read", async () => {
  const grid = await MemoryGrid.with([makeTask("a"), makeTask("b")]);
  const { ledger } = await grid.look("n1");
  await finish(ledger, ["a", "b"]);
  ok(shardOf("a") !== shardOf("b"));
  await tamper(grid, grid.names.shard(shardOf("a")), []);
  await ledger.refresh({ wantedShards: () => (shard) => shard !== shardOf("a") });
  equal(countFinished(ledger), 1);
  same(await settleSome(ledger), { settled: 1 });
  await ledger.refresh();
  same(await settleSome(ledger), { settled: 1 });
});

Deno.test("a second result never replaces the first, whatever was done to the branch", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const { ledger, store } = await grid.look("n1");
  await finish(ledger, ["a"]);
  const first = resultPath("a", "failed");
  store.beforeSwap = undefined;
  const { ledger: other } = await grid.look("somebody");
  await commitToBranch(other, "by hand", () => [{ path: first, bytes: new Uint8Array([1]) }]);
  await ledger.refresh();
  await settleAll(ledger);
  same(grid.mainFiles().filter((path) => path.includes("/a.json")), [first]);
  same(grid.liveFiles(), []);
});

Deno.test("a finished entry without its result is left alone, and holds nothing up", async () => {
  const grid = await MemoryGrid.with([makeTask("a"), makeTask("b")]);
  const { ledger } = await grid.look("n1");
  await finish(ledger, ["a", "b"]);
  const ref = grid.names.shard(shardOf("a"));
  await tamper(grid, ref, [{ path: SHARD_PATHS.result("a"), remove: true }]);
  await ledger.refresh();
  equal(await settleAll(ledger), 1);
  same(grid.liveFiles(), ["specs/a.json", "tasks/a.json"]);
  same([...ledger.shard(shardOf("a")).broken.values()], ["it is finished and has no result"]);
});
