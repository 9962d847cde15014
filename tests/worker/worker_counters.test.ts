/**
 * What a worker counts: by itself, and on a grid in memory where time is the test's.
 *
 * @module
 */
import { deepStrictEqual as same, equal, ok } from "node:assert/strict";
import { submitTasks } from "../../lib/ledger/submit.ts";
import { GitError } from "../../lib/git/git_error.ts";
import { Delays } from "../../lib/worker/delays.ts";
import { wholeFrom } from "../../lib/scheduling/precedence.ts";
import { QueueOrder } from "../../lib/worker/queue_order.ts";
import { WorkerCounters } from "../../lib/worker/worker_counters.ts";
import { executionOf, FakeExecutor } from "../support/fake_executor.ts";
import { makeTask, MemoryGrid, VirtualClock } from "../support/memory_grid.ts";
import { makeWorker, never } from "./made.ts";

Deno.test("Delays gives the count, the sum, the longest and a median that is nearly right", () => {
  const delays = new Delays();
  same(delays.snapshot(), { count: 0, sum_ms: 0, median_ms: 0, max_ms: 0 });
  for (const ms of [100_000, 0.2, 900, 1_000, 1_100]) delays.note(ms);
  const { median_ms, ...exact } = delays.snapshot();
  same(exact, { count: 5, sum_ms: 103_000, max_ms: 100_000 });
  ok(Math.abs(median_ms / 1_000 - 1) < 0.05, `${median_ms}`);
});

Deno.test("Delays has a median right to a twentieth, whatever the length", () => {
  for (let ms = 1; ms < 1e8; ms *= 1.37) {
    const delays = new Delays();
    for (const one of [ms, ms, ms * 1_000]) delays.note(one);
    const { median_ms } = delays.snapshot();
    ok(Math.abs(median_ms - ms) < Math.max(ms / 20, 1), `${ms}: ${median_ms}`);
  }
});

Deno.test("a phase within a phase counts for itself, and all of them are the worker's life", async () => {
  const clock = new VirtualClock();
  clock.advance(500);
  const counters = new WorkerCounters(clock);
  const pass = (ms: number) => Promise.resolve(clock.advance(ms));
  await pass(1);
  await counters.timed("say", async () => {
    await pass(10);
    await counters.timed("prepare", () => pass(200));
    await pass(30);
  });
  await counters.timed("wait", async () => {
    await pass(4_000);
    // Asked in the middle, it tells what is under way.
    const { phase, phases_ms, uptime_ms } = counters.snapshot();
    same([phase, phases_ms.wait, uptime_ms], ["wait", 4_000, 4_241]);
    await pass(1_000);
  });
  const { phase, phases_ms, uptime_ms } = counters.snapshot();
  same([phase, uptime_ms], ["other", 5_241]);
  const expected = { look: 0, choose: 0, say: 40, prepare: 200, settle: 0, wait: 5_000, other: 1 };
  same(phases_ms, expected);
});

Deno.test("a phase that fails has been, too", async () => {
  const clock = new VirtualClock();
  const counters = new WorkerCounters(clock);
  const failing = () => {
    clock.advance(7);
    return Promise.reject(new Error("no"));
  };
  await counters.timed("look", failing).catch(() => {});
  clock.advance(1);
  const { phases_ms, phase } = counters.snapshot();
  same([phases_ms.look, phases_ms.other, phase], [7, 1, "other"]);
});

Deno.test("a worker counts its looks, its claims, what it ran, and all of its time", async () => {
  const grid = await MemoryGrid.with([makeTask("a"), makeTask("b"), makeTask("c")]);
  const executor = new FakeExecutor(["module"], async () => {
    await grid.clock.wait(60_000);
    return executionOf("success");
  });
  const { worker } = makeWorker(grid, "n1", { executor, parallel: 3 });
  const { elapsedMs } = grid.clock;
  const beganMs = elapsedMs.call(grid.clock);
  await worker.run(never);
  const { claims, runs, ticks, phases_ms, uptime_ms } = worker.counters.snapshot();
  same(claims, { said: 3, won: 3, refused: 0 });
  same(runs, { count: 3, ms: 180_000 });
  equal(uptime_ms, elapsedMs.call(grid.clock) - beganMs);
  equal(Object.values(phases_ms).reduce((sum, ms) => sum + ms), uptime_ms);
  ok(phases_ms.wait >= 60_000, `${phases_ms.wait}`);
  // It looked every two seconds at most, and hardly anything moved but by itself.
  ok(ticks.count > 30 && ticks.with_news <= 3 && ticks.failed === 0, JSON.stringify(ticks));
});

Deno.test("what a worker does counts for its own phase, also while it stops", async () => {
  const grid = await MemoryGrid.with(["a", "b", "c"].map((id) => makeTask(id)));
  const stop = new AbortController();
  const executor = new FakeExecutor(["module"], async () => {
    const isLast = executor.started.length === 3;
    if (isLast) stop.abort();
    await grid.clock.wait(isLast ? 70_000 : 5_000);
    return executionOf("success");
  });
  const options = { executor, parallel: 1, exitWhenIdle: false, graceMs: 90_000 };
  const { worker, store } = makeWorker(grid, "n1", options);
  const { refs, swap } = Object.getPrototypeOf(store);
  const after = <T>(ms: number, done: Promise<T>) => done.finally(() => grid.clock.advance(ms));
  store.refs = () => after(1, refs.call(store));
  let said = 0;
  store.swap = (changes, { atomic }) => {
    // What was said before the first claim was said on arrival.
    if (!atomic && (said > 0 || changes.some(({ ref }) => ref.includes("/live/")))) said++;
    return after(atomic ? 10_000 : 100, swap.call(store, changes, { atomic }));
  };
  await worker.run(stop.signal);
  const { phases_ms, ticks } = worker.counters.snapshot();
  ok(phases_ms.look >= ticks.count, JSON.stringify(phases_ms));
  equal(phases_ms.say, said * 100);
  // One by the way, and one at last.
  equal(Math.floor(phases_ms.settle / 10_000), 2);
  ok(phases_ms.wait > 60_000, `wait ${phases_ms.wait}`);
});

Deno.test("a claim that somebody else was faster with is counted as refused", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const { worker, store } = makeWorker(grid, "n1");
  const other = makeWorker(grid, "n2");
  const { swap } = store;
  store.swap = async (changes, options) => {
    if (changes.some(({ ref }) => ref.includes("/live/"))) {
      store.swap = swap;
      await other.worker.run(never);
    }
    return await swap.call(store, changes, options);
  };
  await worker.run(never);
  same(worker.counters.snapshot().claims, { said: 1, won: 0, refused: 1 });
  same(other.worker.counters.snapshot().claims, { said: 1, won: 1, refused: 0 });
});

Deno.test("the queue delay counts from when this worker saw a task until its turn came", async () => {
  const grid = await MemoryGrid.with([makeTask("a"), makeTask("b")]);
  const executor = new FakeExecutor(["module"], async () => {
    await grid.clock.wait(40_000);
    return executionOf("success");
  });
  const { worker } = makeWorker(grid, "n1", { executor, parallel: 1 });
  await worker.run(never);
  const { count, sum_ms, max_ms } = worker.counters.snapshot().queue_delay;
  equal(count, 2);
  // The first began at once, the second had to wait for it.
  ok(max_ms >= 40_000 && max_ms < 45_000, `${max_ms}`);
  ok(sum_ms - max_ms < 100, `${sum_ms}`);
});

Deno.test("the queue delay counts what is claimed ahead, and waits for its turn over some looks", async () => {
  const tasks = Array.from({ length: 30 }, (_, index) => makeTask(`t${index}`));
  const grid = await MemoryGrid.with(tasks);
  const executor = new FakeExecutor(["module"], async () => {
    await grid.clock.wait(700);
    return executionOf("success");
  });
  const { worker } = makeWorker(grid, "n1", { executor });
  await worker.run(never);
  equal(worker.counters.snapshot().queue_delay.count, 30);
});

Deno.test("what was claimed and not won is forgotten", () => {
  const counters = new WorkerCounters(new VirtualClock());
  counters.noteClaiming([{ task_id: "a", sinceMs: 0 }, { task_id: "b", sinceMs: 0 }], []);
  counters.noteClaiming([], ["b"]);
  for (const id of ["a", "b", "b"]) counters.noteBegun(id);
  equal(counters.snapshot().queue_delay.count, 1);
});

Deno.test("a task that is not due yet does not wait", async () => {
  const grid = await MemoryGrid.with([]);
  const dueAt = new Date(grid.clock.now().getTime() + 3_600_000);
  await submitTasks(grid.open("user").ledger, [
    makeTask("late", { not_before: dueAt.toISOString() }),
  ]);
  const { worker } = makeWorker(grid, "n1");
  await worker.run(never);
  const { count, max_ms } = worker.counters.snapshot().queue_delay;
  equal(count, 1);
  // It looks at least every five seconds and a half.
  ok(max_ms <= 6_000, `${max_ms}`);
});

Deno.test("a retry waits from the end of its pause on, not while it lasts", async () => {
  const grid = await MemoryGrid.with([makeTask("a", { retries: 10 })]);
  const executor = new FakeExecutor(
    ["module"],
    () => Promise.resolve(executionOf("failed")),
  );
  // Its pauses grow up to 300 s.
  const { worker } = makeWorker(grid, "n1", { executor, random: () => 0.9 });
  const beganMs = grid.clock.elapsedMs();
  await worker.run(never);
  ok(grid.clock.elapsedMs() - beganMs > 600_000);
  const { count, max_ms } = worker.counters.snapshot().queue_delay;
  equal(count, 11);
  ok(max_ms > 0 && max_ms <= 6_000, `${max_ms}`);
});

Deno.test("QueueOrder remembers since when a task is there, also when all is ranked anew", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const { ledger } = await grid.look("n1");
  const order = new QueueOrder(grid.clock);
  const seen = () => order.own.map(({ task, seenMs }) => [task.task_id, seenMs]);
  const firstMs = grid.clock.elapsedMs();
  order.update(ledger.main, wholeFrom("0"));
  grid.clock.advance(1_000);
  await submitTasks(grid.open("user").ledger, [makeTask("b")]);
  await ledger.refresh();
  order.update(ledger.main, wholeFrom("0"));
  grid.clock.advance(1_000);
  order.update(ledger.main, wholeFrom("7"));
  same(seen().sort(), [["a", firstMs], ["b", firstMs + 1_000]]);
});

Deno.test("trouble that passes is counted", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const { worker, store } = makeWorker(grid, "n1");
  let asked = 0;
  const { refs } = Object.getPrototypeOf(store);
  store.refs = async () => {
    // Not at the start, where nothing may fail.
    if (++asked === 4) throw new GitError("looking: nobody answers", "unreachable", 128);
    return await refs.call(store);
  };
  await worker.run(never);
  equal(worker.counters.snapshot().ticks.failed, 1);
});
