/**
 * What a worker does where pushes are few and something comes in between.
 *
 * @module
 */
import { deepStrictEqual as same, ok, rejects } from "node:assert/strict";
import type { RefChange, SwapOutcome } from "../../lib/ledger/store.ts";
import { submitTasks } from "../../lib/ledger/submit.ts";
import { executionOf, FakeExecutor, untilStopped } from "../support/fake_executor.ts";
import { makeTask, type MeddledStore, MemoryGrid, seeded } from "../support/memory_grid.ts";
import { makeWorker, never, untilTrue } from "./made.ts";

const FEW = { "dgrid.json": '{"version": 1, "push_budget": 6, "lease_seconds": 300}' };
const tasksOf = (count: number) =>
  Array.from({ length: count }, (_, index) => makeTask(`t${index}`));

/** A host that refuses some refs; where a push is atomic, nothing of it moves. */
function refuse(store: MeddledStore, isRefused: (change: RefChange) => boolean): { count: number } {
  const seen = { count: 0 };
  const swap = store.swap.bind(store);
  const no: SwapOutcome = { done: false, why: "refused", words: "a hook says no" };
  const all = (changes: RefChange[]) => changes.map(({ ref }): [string, SwapOutcome] => [ref, no]);
  store.swap = async (changes, options) => {
    const refused = changes.filter(isRefused);
    if (refused.length === 0) return await swap(changes, options);
    seen.count++;
    if (options.atomic) return new Map(all(changes));
    const done = await swap(changes.filter((change) => !refused.includes(change)), options);
    return new Map([...done, ...all(refused)]);
  };
  return seen;
}

Deno.test("a result that the host refuses costs no other one its content, also in turn", async () => {
  const grid = await MemoryGrid.with(tasksOf(12), FEW);
  const executor = new FakeExecutor(["module"], ({ task: { task_id } }) => {
    const stdout = task_id === "t5" ? "a secret" : "";
    return Promise.resolve({ ...executionOf("success"), stdout });
  });
  const { worker, store } = makeWorker(grid, "n1", { executor });
  const holdsSecret = ({ next }: RefChange) =>
    next !== undefined &&
    [...grid.server.commits.get(next)!.files].some(([path, blob]) =>
      path.startsWith("results/") &&
      new TextDecoder().decode(grid.server.contents.get(blob)).includes("a secret")
    );
  refuse(store, holdsSecret);
  await worker.run(never);
  const failed = grid.mainFiles().filter((path) => path.startsWith("tasks/failed/"));
  same(failed.map((path) => path.split("/").at(-1)), ["t5.json"]);
  same(grid.mainFiles().filter((path) => path.startsWith("tasks/completed/")).length, 11);
});

Deno.test("a host that refuses everything is not asked for ever when a name is taken in turn", async () => {
  const grid = await MemoryGrid.with(tasksOf(1), FEW);
  const { worker, store } = makeWorker(grid, "n1");
  const seen = refuse(store, () => true);
  await rejects(worker.run(never), /taking the turn: a hook says no|could not be written/);
  ok(seen.count <= 12, `${seen.count}`);
});

Deno.test("nodes that are woken at once begin one after the other, not after their next sign of life", async () => {
  const grid = await MemoryGrid.with([], FEW);
  const stop = new AbortController();
  const made = Array.from({ length: 5 }, (_, index) => {
    const executor = new FakeExecutor(["module"], async (_job, signal) => {
      await grid.clock.wait(400_000, signal);
      return executionOf("success");
    });
    const random = seeded(index + 1);
    return makeWorker(grid, `n${index}`, { executor, random, exitWhenIdle: false, parallel: 1 });
  });
  const runs = made.map(({ worker }) => worker.run(stop.signal));
  await grid.clock.wait(400_000);
  await submitTasks(grid.open("somebody").ledger, tasksOf(20));
  for (const { worker } of made) worker.wake();
  const beganMs = grid.clock.elapsedMs();
  await untilTrue(grid, () => made.every(({ executor }) => executor.started.length > 0));
  ok(grid.clock.elapsedMs() - beganMs < 120_000, `${grid.clock.elapsedMs() - beganMs}`);
  stop.abort();
  await Promise.all(runs);
});

Deno.test("what runs ends within the grace, though the next push is not yet due", async () => {
  const grid = await MemoryGrid.with(tasksOf(1), FEW);
  const stop = new AbortController();
  let stoppedMs = Infinity;
  const executor = new FakeExecutor(["module"], (job, signal) => {
    signal.addEventListener("abort", () => stoppedMs = grid.clock.elapsedMs());
    return untilStopped(job, signal);
  });
  const { worker } = makeWorker(grid, "n1", { executor, graceMs: 1_000, exitWhenIdle: false });
  const run = worker.run(stop.signal);
  await untilTrue(grid, () => executor.started.length > 0);
  await grid.clock.wait(200);
  const askedMs = grid.clock.elapsedMs();
  stop.abort();
  await run;
  ok(stoppedMs - askedMs <= 2_000, `${stoppedMs - askedMs}`);
});
