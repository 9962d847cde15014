import { deepStrictEqual as same, match, ok, rejects } from "node:assert/strict";
import { submitTasks } from "../../lib/ledger/submit.ts";
import { readNode } from "../../lib/ledger/nodes.ts";
import type { NodeRecord } from "../../lib/protocol/node_record.ts";
import { encodeRecord } from "../../lib/protocol/record.ts";
import { executionOf, FakeExecutor, untilStopped } from "../support/fake_executor.ts";
import { makeTask, MemoryGrid, tamper } from "../support/memory_grid.ts";
import { makeWorker, never, untilTrue } from "./made.ts";

async function recordOf(grid: MemoryGrid, nodeId: string): Promise<NodeRecord | undefined> {
  return await readNode((await grid.look("reader")).ledger, nodeId);
}

/** A grid with a task and a node that was killed: its ref says that it works. */
async function gridWithDead(more: Partial<NodeRecord>): Promise<MemoryGrid> {
  const grid = await MemoryGrid.with([]);
  const stop = new AbortController();
  const working = makeWorker(grid, "n1", { exitWhenIdle: false }).worker.run(stop.signal);
  await untilTrue(grid, async () => (await recordOf(grid, "n1"))?.status === "online");
  stop.abort();
  await working;
  const record = { ...await recordOf(grid, "n1"), status: "online", ...more };
  await tamper(grid, grid.names.node("n1"), [{ path: "node.json", bytes: encodeRecord(record) }]);
  await submitTasks((await grid.look("somebody")).ledger, [makeTask("a")]);
  return grid;
}

Deno.test("of two processes elsewhere with one node id, the second does not start", async () => {
  const grid = await MemoryGrid.with([makeTask("a", { labels: { never: "here" } })]);
  const stop = new AbortController();
  const first = makeWorker(grid, "n1", { exitWhenIdle: false, instance: "one home" });
  const working = first.worker.run(stop.signal);
  await untilTrue(grid, async () => (await recordOf(grid, "n1"))?.status === "online");
  const second = makeWorker(grid, "n1", { instance: "another home" });
  const beganMs = grid.clock.elapsedMs();
  await rejects(
    second.worker.run(never),
    /^NodeIsTwin: working as n1: another process gives signs of life under that name \(on h\); stop one/,
  );
  ok(grid.clock.elapsedMs() - beganMs < 30_000, `${grid.clock.elapsedMs() - beganMs}`);
  stop.abort();
  await working;
});

Deno.test("a second process of one node id touches no claim of the first", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const executor = new FakeExecutor(["module"], async () => {
    await grid.clock.wait(100_000);
    return executionOf("success");
  });
  const first = makeWorker(grid, "n1", { instance: "one home", executor });
  const working = first.worker.run(never);
  await untilTrue(grid, () => first.executor.started.length > 0);
  const second = makeWorker(grid, "n1", { instance: "another home" });
  await rejects(second.worker.run(never), /another process gives signs of life/);
  await working;
  same([first.executor.started, second.executor.started], [["a#1"], []]);
});

Deno.test("a process takes the name of one that was killed elsewhere, after asking", async () => {
  const grid = await gridWithDead({ instance: "a lost home", looks_every_seconds: 20 });
  const beganMs = grid.clock.elapsedMs();
  const { worker, executor } = makeWorker(grid, "n1");
  await worker.run(never);
  same(executor.started, ["a#1"]);
  const tookMs = grid.clock.elapsedMs() - beganMs;
  ok(tookMs >= 40_000 && tookMs < 50_000, `${tookMs}`);
});

Deno.test("a process with the home of one that was killed starts at once", async () => {
  const grid = await gridWithDead({ looks_every_seconds: 20 });
  const beganMs = grid.clock.elapsedMs();
  await makeWorker(grid, "n1").worker.run(never);
  ok(grid.clock.elapsedMs() - beganMs < 10_000, `${grid.clock.elapsedMs() - beganMs}`);
});

Deno.test("a process starts at once under a name whose last owner said goodbye", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  await makeWorker(grid, "n1", { instance: "one home" }).worker.run(never);
  const beganMs = grid.clock.elapsedMs();
  await makeWorker(grid, "n1", { instance: "another home" }).worker.run(never);
  ok(grid.clock.elapsedMs() - beganMs < 10_000, `${grid.clock.elapsedMs() - beganMs}`);
});

Deno.test("of two that ask for one name at once, one gets it", async () => {
  const grid = await gridWithDead({ instance: "a lost home", looks_every_seconds: 20 });
  const made = ["one home", "another home"].map((instance) => makeWorker(grid, "n1", { instance }));
  const ends = await Promise.allSettled(made.map(({ worker }) => worker.run(never)));
  const refused = ends.filter(({ status }) => status === "rejected");
  same(refused.length, 1);
  match(String((refused[0] as PromiseRejectedResult).reason), /NodeIsTwin/);
  same(made.flatMap(({ executor }) => executor.started), ["a#1"]);
});

Deno.test("a process that died while it asked for a name asks again", async () => {
  const grid = await gridWithDead({ instance: "a lost home", looks_every_seconds: 25 });
  const first = makeWorker(grid, "n1");
  void first.worker.run(never).catch(() => undefined);
  await untilTrue(grid, async () => (await recordOf(grid, "n1"))?.status === "joining");
  first.store.refs = () => new Promise(() => {});
  const beganMs = grid.clock.elapsedMs();
  await makeWorker(grid, "n1").worker.run(never);
  const tookMs = grid.clock.elapsedMs() - beganMs;
  ok(tookMs >= 50_000 && tookMs < 60_000, `${tookMs}`);
});

Deno.test("a process that slept while another took its name ends at its first look", async () => {
  const grid = await MemoryGrid.with([makeTask("a")], {
    "dgrid.json": '{"version": 1, "lease_seconds": 10}',
  });
  const slow = new FakeExecutor(["module"], untilStopped);
  const first = makeWorker(grid, "n1", { instance: "one home", executor: slow });
  let wakeUp = () => {};
  const sleep = new Promise<void>((resolve) => wakeUp = resolve);
  const { refs } = first.store;
  const working = first.worker.run(never).catch((error) => error.name);
  await untilTrue(grid, () => slow.started.length > 0);
  first.store.refs = async () => {
    await sleep;
    return await refs.call(first.store);
  };
  const stop = new AbortController();
  const second = makeWorker(grid, "n1", { instance: "another home", exitWhenIdle: false });
  const othersWork = second.worker.run(stop.signal);
  await untilTrue(grid, () => second.executor.started.length > 0);
  wakeUp();
  same(await working, "NodeIsTwin");
  same([slow.started, second.executor.started], [["a#1"], ["a#2"]]);
  stop.abort();
  await othersWork;
});

Deno.test("of two that start at the same moment under a free name, one gets it", async () => {
  const grid = await MemoryGrid.with([makeTask("a"), makeTask("b")]);
  const made = ["one home", "another home"].map((instance) => {
    const executor = new FakeExecutor(["module"], async () => {
      await grid.clock.wait(60_000);
      return executionOf("success");
    });
    return makeWorker(grid, "n1", { instance, executor });
  });
  const ends = await Promise.allSettled(made.map(({ worker }) => worker.run(never)));
  same(ends.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
  same(made.flatMap(({ executor }) => executor.started).toSorted(), ["a#1", "b#1"]);
});

Deno.test("a process that is stopped while it asks for a name touches nothing", async () => {
  const grid = await gridWithDead({ instance: "a lost home", looks_every_seconds: 20 });
  const stop = new AbortController();
  const { worker, executor } = makeWorker(grid, "n1", { exitWhenIdle: false });
  let removed = 0;
  Object.assign(executor, { removeLeftoversOf: () => Promise.resolve(void removed++) });
  const working = worker.run(stop.signal);
  await untilTrue(grid, async () => (await recordOf(grid, "n1"))?.status === "joining");
  stop.abort();
  await working;
  same([executor.started, removed, (await recordOf(grid, "n1"))?.status], [[], 0, "joining"]);
});
