import { deepStrictEqual as same, equal } from "node:assert/strict";
import { executionOf, FakeExecutor } from "../support/fake_executor.ts";
import { makeTask, MemoryGrid, seeded } from "../support/memory_grid.ts";
import { type Made, makeWorker, never } from "./made.ts";

const MINUTE_MS = 60_000;

/** The most pushes that there were in any minute. */
function mostInAMinute(pushes: number[]): number {
  return Math.max(
    ...pushes.map((from) => pushes.filter((at) => at >= from && at < from + MINUTE_MS).length),
  );
}

const tasksOf = (count: number, name = "t") =>
  Array.from({ length: count }, (_, index) => makeTask(`${name}${index}`));

interface Told {
  count: number;
  budget: number;
  lease: number;
  tasks: number;
}

/** Workers far from the server, and when there was a push. */
async function farWorkers(
  { count, budget, lease, tasks }: Told,
): Promise<{ grid: MemoryGrid; made: Made[]; pushes: number[] }> {
  const settings = { version: 1, push_budget: budget, lease_seconds: lease };
  const grid = await MemoryGrid.with(tasksOf(tasks), { "dgrid.json": JSON.stringify(settings) });
  const pushes: number[] = [];
  const made = Array.from({ length: count }, (_, index) => {
    const random = seeded(index + 1);
    const executor = new FakeExecutor(["module"], async () => {
      await grid.clock.wait(20);
      return executionOf("success");
    });
    const one = makeWorker(grid, `n${index}`, { executor, random, pollMs: 2_000 });
    one.store.lag = () => grid.clock.wait(50 + 950 * random());
    one.store.onSwap = () => pushes.push(grid.clock.elapsedMs());
    return one;
  });
  return { grid, made, pushes };
}

for (const count of [1, 3, 20]) {
  Deno.test(`${count} workers never push more in a minute than a small budget allows`, async () => {
    const { grid, made, pushes } = await farWorkers({ count, budget: 6, lease: 900, tasks: 2_000 });
    await Promise.all(made.map(({ worker }) => worker.run(never)));
    equal(mostInAMinute(pushes), 6);
    const started = made.flatMap(({ executor }) => executor.started);
    same(started.toSorted(), tasksOf(2_000).map(({ task_id }) => `${task_id}#1`).toSorted());
    same(grid.liveFiles(), []);
  });
}
