/**
 * Workers that want the same tasks at the same time.
 *
 * @module
 */
import { deepStrictEqual as same, equal, ok } from "node:assert/strict";
import { submitTasks } from "../../lib/ledger/submit.ts";
import { shardOf } from "../../lib/protocol/identity.ts";
import { territoryOf } from "../../lib/scheduling/precedence.ts";
import { executionOf, FakeExecutor } from "../support/fake_executor.ts";
import { makeTask, type MeddledStore, MemoryGrid, seeded } from "../support/memory_grid.ts";
import { type Made, makeWorker, never, untilTrue } from "./made.ts";

interface Swaps {
  all: number;
  lost: number;
}

/** Counts swaps: each ref for itself, several that are swapped together once. */
function countSwaps(store: MeddledStore, counts: Swaps): void {
  const swap = store.swap.bind(store);
  store.swap = async (changes, options) => {
    const outcomes = [...(await swap(changes, options)).entries()];
    const lost = outcomes.filter(([, { done }]) => !done).length;
    counts.all += options.atomic ? 1 : outcomes.length;
    counts.lost += options.atomic ? Math.min(lost, 1) : lost;
    return new Map(outcomes);
  };
}

interface Crowd {
  workers: number;
  tasks: number;
  /** How long a task takes, about. */
  taskMs?: number;
}

/** Workers who are each some way from the server, and begin one a moment after the other. */
async function crowd({ workers, tasks, taskMs = 0 }: Crowd) {
  const grid = await MemoryGrid.with(Array.from({ length: tasks }, (_, at) => makeTask(`t${at}`)));
  const swaps: Swaps = { all: 0, lost: 0 };
  const made = Array.from({ length: workers }, (_, index): Made => {
    const random = seeded(index + 1);
    const executor = new FakeExecutor(["module"], async () => {
      if (taskMs > 0) await grid.clock.wait(taskMs * (0.5 + random()));
      return executionOf("success");
    });
    const pace = { pollMs: 200, maxPollMs: 60_000, parallel: 8 };
    const one = makeWorker(grid, `worker-${index}`, { executor, random, ...pace });
    one.store.lag = () => grid.clock.wait(20 + 80 * random());
    countSwaps(one.store, swaps);
    return one;
  });
  const began = (index: number) => grid.clock.wait(10 * index);
  const work = Promise.all(made.map(async ({ worker }, index) => {
    await began(index);
    await worker.run(never);
  }));
  return { grid, made, swaps, work };
}

const CROWDS: Crowd[] = [
  { workers: 8, tasks: 2_000 },
  { workers: 8, tasks: 500, taskMs: 300 },
  { workers: 20, tasks: 2_000, taskMs: 50 },
];

for (const one of CROWDS) {
  const what = `${one.workers} workers and ${one.tasks} tasks of ${one.taskMs ?? 0} ms`;
  Deno.test(`of the swaps of ${what}, few are lost, and each task runs once`, async () => {
    const { grid, made, swaps, work } = await crowd(one);
    await work;
    const started = made.flatMap(({ executor }) => executor.started);
    equal(new Set(started).size, one.tasks);
    equal(started.length, one.tasks);
    same(grid.liveFiles(), []);
    equal(grid.mainFiles().filter((path) => path.startsWith("nodes/")).length, one.workers);
    ok(swaps.lost < 0.15 * swaps.all, `${swaps.lost} of ${swaps.all}`);
  });
}

/** Ids of tasks in a node's own shards. */
function idsOf(nodeId: string, atWork: string[]): string[] {
  const { shards, own } = territoryOf(nodeId, atWork);
  const ids = Array.from({ length: 99 }, (_, at) => `t${at}`);
  return ids.filter((id) => shards.slice(0, own).includes(shardOf(id)));
}

Deno.test("a task of a node that has no slot for it is left to that node for a moment only", async () => {
  const grid = await MemoryGrid.with([]);
  const slow = new FakeExecutor(["module"], async () => {
    await grid.clock.wait(600_000);
    return executionOf("success");
  });
  const stop = new AbortController();
  const nodes = ["n1", "n2"];
  const made = nodes.map((id) =>
    makeWorker(grid, id, { executor: slow, parallel: 1, exitWhenIdle: false, pollMs: 200 })
  );
  const work = Promise.all(made.map(({ worker }) => worker.run(stop.signal)));
  await grid.clock.wait(5_000);
  const { ledger } = await grid.look("user");
  await submitTasks(ledger, idsOf("n1", nodes).slice(0, 2).map((id) => makeTask(id)));
  made.forEach(({ worker }) => worker.wake());
  const beganMs = grid.clock.elapsedMs();
  await untilTrue(grid, () => slow.started.length === 2);
  const tookMs = grid.clock.elapsedMs() - beganMs;
  ok(tookMs >= 500 && tookMs <= 2_000, `${tookMs}`);
  stop.abort();
  await work;
});
