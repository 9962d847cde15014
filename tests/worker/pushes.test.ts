import { deepStrictEqual as same, match, ok } from "node:assert/strict";
import { submitTasks } from "../../lib/ledger/submit.ts";
import { executionOf, FakeExecutor } from "../support/fake_executor.ts";
import { makeTask, MemoryGrid, seeded, tamper } from "../support/memory_grid.ts";
import { noteWarnings } from "../support/warnings.ts";
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

function gridOf(push_budget: number, lease_seconds: number, tasks: number): Promise<MemoryGrid> {
  const settings = { version: 1, push_budget, lease_seconds };
  return MemoryGrid.with(tasksOf(tasks), { "dgrid.json": JSON.stringify(settings) });
}

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
  const grid = await gridOf(budget, lease, tasks);
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

for (const count of [1, 3, 8]) {
  Deno.test(`${count} workers never push more in a minute than a small budget allows`, async () => {
    const { grid, made, pushes } = await farWorkers({ count, budget: 6, lease: 300, tasks: 200 });
    await Promise.all(made.map(({ worker }) => worker.run(never)));
    const most = mostInAMinute(pushes);
    ok(most === 5 || most === 6, `${most}`);
    const started = made.flatMap(({ executor }) => executor.started);
    same(started.toSorted(), tasksOf(200).map(({ task_id }) => `${task_id}#1`).toSorted());
    same(grid.liveFiles(), []);
  });
}

Deno.test("a node pushes at its own pace where the budget is large, and takes no turn", async () => {
  const { grid, made: [{ worker }], pushes } = await farWorkers({
    count: 1,
    budget: 100,
    lease: 300,
    tasks: 20,
  });
  await worker.run(never);
  same(grid.server.refs.has(grid.names.turn), false);
  const pauses = pushes.slice(1).map((at, index) => at - pushes[index]);
  ok(Math.min(...pauses) >= 60_000 / 99, `${pauses}`);
});

Deno.test("a host's own budget counts where the settings say nothing", async () => {
  const grid = await MemoryGrid.with(tasksOf(1));
  const { worker } = makeWorker(grid, "n1", { usualPushBudget: 6 });
  await worker.run(never);
  same(grid.server.refs.has(grid.names.turn), true);
});

Deno.test("a node alone says the first things at once, and then keeps a gap", async () => {
  const grid = await gridOf(6, 300, 1);
  const pushes: number[] = [];
  const { worker, store } = makeWorker(grid, "n1");
  store.onSwap = () => pushes.push(grid.clock.elapsedMs());
  await worker.run(never);
  // Its name, its record, a claim, a report; what is settled, and that it leaves.
  same(pushes.map((at) => Math.round(at / 1000)).slice(0, 5), [0, 0, 0, 0, 10]);
});

Deno.test("the pushes of people count, but half of the budget is left to the nodes", async () => {
  const grid = await gridOf(6, 300, 10);
  const { ledger } = grid.open("somebody");
  const stop = new AbortController();
  const people = (async () => {
    for (let count = 0; !stop.signal.aborted; count++) {
      await submitTasks(ledger, tasksOf(1, `more${count}-`));
      await grid.clock.wait(4_000, stop.signal);
    }
  })();
  const pushes: number[] = [];
  const { worker, store } = makeWorker(grid, "n1", { maxTasks: 10, exitWhenIdle: false });
  store.onSwap = () => pushes.push(grid.clock.elapsedMs());
  await worker.run(never);
  stop.abort();
  await people;
  const [begun] = pushes;
  // Before it has seen the people push, it cannot know.
  const later = pushes.filter((at) => at > begun + MINUTE_MS);
  same(mostInAMinute(later), 3);
});

Deno.test("a node that would not have its turn in time for a lease claims nothing, and says why", async () => {
  const grid = await gridOf(6, 30, 1);
  await using warned = await noteWarnings();
  const stop = new AbortController();
  const { worker, executor } = makeWorker(grid, "n1", { exitWhenIdle: false });
  const run = worker.run(stop.signal);
  await grid.clock.wait(120_000);
  stop.abort();
  await run;
  same(executor.started, []);
  same(warned.warnings.length, 1);
  match(warned.warnings[0], /push_budget of 6 with lease_seconds 30 .* lease_seconds must be 81$/);
});

Deno.test("whose turn was taken by another has pushed nothing at all, and comes later", async () => {
  const grid = await gridOf(6, 300, 1);
  const { worker, store } = makeWorker(grid, "n1");
  store.beforeSwap = () =>
    tamper(grid, grid.names.turn, [{ path: "other", bytes: new Uint8Array([1]) }]);
  const run = worker.run(never);
  // What was done there cannot be read, so it may have been all that a minute can hold.
  await grid.clock.wait(59_000);
  same(grid.server.refs.has(grid.names.node("n1")), false);
  await grid.clock.wait(9_000);
  same(grid.server.refs.has(grid.names.node("n1")), true);
  await run;
});
