import { deepStrictEqual as same, equal } from "node:assert/strict";
import type { Ledger } from "../../lib/ledger/ledger.ts";
import { say } from "../../lib/ledger/live_edge.ts";
import { countFinished, settleAll, settleOnce } from "../../lib/ledger/settle.ts";
import { submitTasks } from "../../lib/ledger/submit.ts";
import { shardOf } from "../../lib/protocol/identity.ts";
import { queuePath, resultPath } from "../../lib/protocol/layout.ts";
import type { Status } from "../../lib/protocol/live_state.ts";
import { notRun } from "../../lib/protocol/result.ts";
import { makeTask, MemoryGrid } from "../support/memory_grid.ts";

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

const ids = ["a", "b", "c", "d", "e"];

Deno.test("settleOnce() moves results to the branch and leaves nothing on the live edge", async () => {
  const grid = await MemoryGrid.with(ids.map((id) => makeTask(id)));
  const { ledger } = await grid.look("n1");
  await finish(ledger, ["a", "b"]);
  await finish(ledger, ["c"], "timeout");
  equal(await settleOnce(ledger), 3);
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

Deno.test("settleOnce() marks each shard with the very commit that holds its results", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const { ledger } = await grid.look("n1");
  await finish(ledger, ["a"]);
  await settleOnce(ledger);
  const { ledger: other } = await grid.look("n2");
  equal(other.shard(shardOf("a")).settled, grid.server.refs.get(grid.names.branch));
});

Deno.test("settleOnce() drops its attempt when somebody else has settled", async () => {
  const grid = await MemoryGrid.with(ids.map((id) => makeTask(id)));
  const { ledger: one, store } = await grid.look("n1");
  await finish(one, ids);
  const { ledger: two } = await grid.look("n2");
  store.beforeSwap = async () => void await settleAll(two);
  equal(await settleOnce(one), undefined);
  const commits = await two.store.log(two.main.commit, 10);
  equal(commits.filter(({ subject }) => subject.includes("settle")).length, 1);
  await one.refresh();
  equal(await settleAll(one), 0);
  equal(grid.mainFiles().filter((path) => path.startsWith("tasks/completed")).length, ids.length);
});

Deno.test("settleOnce() changes neither side when the branch has moved", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const { ledger: one, store } = await grid.look("n1");
  await finish(one, ["a"]);
  const { ledger: two } = await grid.look("n2");
  store.beforeSwap = async () => void await submitTasks(two, [makeTask("new")]);
  const before = grid.liveFiles();
  equal(await settleOnce(one), undefined);
  same(grid.liveFiles(), before);
  await one.refresh();
  equal(await settleAll(one), 1);
  same(
    grid.mainFiles(),
    ["dgrid.json", queuePath("new", "medium"), resultPath("a", "success")].sort(),
  );
});

Deno.test("settleOnce() leaves what is claimed where it is", async () => {
  const grid = await MemoryGrid.with(ids.map((id) => makeTask(id)));
  const { ledger } = await grid.look("n1");
  await finish(ledger, ["a"]);
  const at = ledger.writer.clock.now().toISOString();
  await say(ledger, [{
    event: { kind: "claim", task_id: "b", node_id: "n1", at },
    spec: ledger.main.queue.get("b")!.blob,
  }]);
  await settleOnce(ledger);
  same(grid.liveFiles(), ["specs/b.json", "tasks/b.json"]);
  equal(countFinished(ledger), 0);
});

Deno.test("settleOnce() removes all files of a task that was filed twice", async () => {
  const text = JSON.stringify(makeTask("a"));
  const twice = { "tasks/queue/a.json": text, [queuePath("a", "medium")]: text };
  const grid = await MemoryGrid.with([], twice);
  const { ledger } = await grid.look("n1");
  await finish(ledger, ["a"]);
  await settleOnce(ledger);
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
  await settleOnce(ledger);
  same(ledger.main.leftovers, [], "the file that came back is gone");
});
