/**
 * What becomes of a task when its owner is gone, cut off, or asleep.
 *
 * @module
 */
import { deepStrictEqual as same, equal, match, ok } from "node:assert/strict";
import { GitError } from "../../lib/git/git_error.ts";
import { say } from "../../lib/ledger/live_edge.ts";
import { standingsOf } from "../../lib/ledger/results.ts";
import { submitTasks } from "../../lib/ledger/submit.ts";
import { notRun } from "../../lib/protocol/result.ts";
import type { Result } from "../../lib/protocol/result.ts";
import { executionOf, FakeExecutor, untilStopped } from "../support/fake_executor.ts";
import { makeTask, MemoryGrid } from "../support/memory_grid.ts";
import { MemoryShelf } from "../support/memory_shelf.ts";
import { makeWorker, never, untilTrue } from "./made.ts";

const LEASE = { "dgrid.json": '{"version": 1, "lease_seconds": 10}' };

/** A node that claims tasks and is never heard of again. */
async function leaveClaimed(grid: MemoryGrid, nodeId: string, ids: string[]): Promise<void> {
  const { ledger } = await grid.look(nodeId);
  const at = grid.clock.now().toISOString();
  const { heard } = await say(
    ledger,
    ids.map((task_id) => ({
      event: { kind: "claim", task_id, node_id: nodeId, at },
      spec: ledger.main.queue.get(task_id)?.blob,
    })),
  );
  ok(heard.every((answer) => answer.heard));
}

async function resultOf(grid: MemoryGrid, id: string): Promise<Result> {
  const { ledger } = await grid.look("reader");
  const standing = (await standingsOf(ledger, [id])).get(id)!;
  if (standing.where !== "settled") throw new Error(`${id} is ${standing.where}`);
  return standing.result;
}

const away = () => Promise.reject(new GitError("reading the refs: away", "unreachable", 128));

const outcomes = ({ attempts }: Result) =>
  attempts.map(({ attempt, node_id, outcome }) => `${attempt} ${node_id} ${outcome}`);

Deno.test("a task whose owner is gone is taken over after a lease, as a further attempt", async () => {
  const grid = await MemoryGrid.with([makeTask("a")], LEASE);
  await leaveClaimed(grid, "dead", ["a"]);
  let startedMs = 0;
  const executor = new FakeExecutor(["module"], () => {
    startedMs = grid.clock.elapsedMs();
    return Promise.resolve(executionOf("success"));
  });
  await makeWorker(grid, "n1", { executor }).worker.run(never);
  same(executor.started, ["a#2"]);
  ok(startedMs >= 10_000 && startedMs < 15_000, `${startedMs}`);
  same(outcomes(await resultOf(grid, "a")), ["1 dead lost", "2 n1 success"]);
});

Deno.test("a task of a node that gives signs of life is left alone", async () => {
  const grid = await MemoryGrid.with([makeTask("a")], LEASE);
  const slow = new FakeExecutor(["module"], async () => {
    await grid.clock.wait(60_000);
    return executionOf("success");
  });
  const owner = makeWorker(grid, "n1", { executor: slow });
  const other = makeWorker(grid, "n2");
  const working = owner.worker.run(never);
  await untilTrue(grid, () => slow.started.length > 0);
  await Promise.all([working, other.worker.run(never)]);
  same([slow.started, other.executor.started], [["a#1"], []]);
});

Deno.test("a task that lost as many owners as it may ends as lost, with its spec and the reason", async () => {
  const settings = { "dgrid.json": '{"version": 1, "lease_seconds": 10, "max_attempts": 1}' };
  const grid = await MemoryGrid.with([makeTask("a")], settings);
  await leaveClaimed(grid, "dead", ["a"]);
  const { worker, executor } = makeWorker(grid, "n1");
  await worker.run(never);
  same(executor.started, []);
  const result = await resultOf(grid, "a");
  equal(result.status, "lost");
  match(result.reason!, /^given up after 1 owners that gave no sign of life for a lease: dead$/);
  equal((result.task as { task_id: string }).task_id, "a");
  ok(grid.mainFiles().some((path) => path.startsWith("tasks/failed/")));
});

Deno.test("a node that cannot run a lost task frees it for those that can", async () => {
  const grid = await MemoryGrid.with([makeTask("a", { labels: { gpu: "yes" } })], LEASE);
  await leaveClaimed(grid, "dead", ["a"]);
  const stop = new AbortController();
  const unfit = makeWorker(grid, "n1", { exitWhenIdle: false });
  const working = unfit.worker.run(stop.signal);
  await untilTrue(grid, async () => {
    const { ledger } = await grid.look("reader");
    return ledger.stateOf("a")?.status === "retrying";
  });
  const fit = makeWorker(grid, "n2", { labels: { gpu: "yes" } });
  const beganMs = grid.clock.elapsedMs();
  await fit.worker.run(never);
  stop.abort();
  await working;
  same([unfit.executor.started, fit.executor.started], [[], ["a#2"]]);
  ok(grid.clock.elapsedMs() - beganMs < 10_000, "it waited for a lease of its own");
});

Deno.test("a worker that is cut off stops what runs before others take it, and says nothing after", async () => {
  const grid = await MemoryGrid.with([makeTask("a")], LEASE);
  let stoppedMs = 0;
  const slow = new FakeExecutor(["module"], async (_job, signal) => {
    await grid.clock.wait(300_000, signal);
    stoppedMs = grid.clock.elapsedMs();
    signal.throwIfAborted();
    return executionOf("success");
  });
  const owner = makeWorker(grid, "n1", { executor: slow });
  const working = owner.worker.run(never);
  await untilTrue(grid, () => slow.started.length > 0);
  const { refs, swap } = owner.store;
  owner.store.refs = away;
  owner.store.swap = away;
  const cutMs = grid.clock.elapsedMs();
  let takenMs = 0;
  const taker = new FakeExecutor(["module"], () => {
    takenMs = grid.clock.elapsedMs();
    return Promise.resolve(executionOf("success"));
  });
  const other = makeWorker(grid, "n2", { executor: taker, exitWhenIdle: false });
  const stop = new AbortController();
  const othersWork = other.worker.run(stop.signal);
  await untilTrue(grid, () => takenMs > 0);
  ok(stoppedMs > 0 && stoppedMs < takenMs, `stopped at ${stoppedMs}, taken at ${takenMs}`);
  ok(stoppedMs - cutMs <= 6_700, `${stoppedMs - cutMs}`);
  owner.store.refs = refs;
  owner.store.swap = swap;
  await working;
  stop.abort();
  await othersWork;
  same(outcomes(await resultOf(grid, "a")), ["1 n1 lost", "2 n2 success"]);
  same(slow.started, ["a#1"]);
});

Deno.test("a worker whose sign of life is answered late counts its lease from when it sent it", async () => {
  const grid = await MemoryGrid.with([], LEASE);
  let stoppedMs = 0;
  const slow = new FakeExecutor(["module"], async (_job, signal) => {
    await grid.clock.wait(300_000, signal);
    stoppedMs = grid.clock.elapsedMs();
    throw signal.reason;
  });
  const stop = new AbortController();
  const owner = makeWorker(grid, "n1", { executor: slow, exitWhenIdle: false });
  const { refs, swap } = owner.store;
  const ownersWork = owner.worker.run(stop.signal);
  // The claim goes out shortly before a sign of life is due, so that it is trusted longer than that.
  await grid.clock.wait(3_000);
  await submitTasks(grid.open("submitter").ledger, [makeTask("a")]);
  owner.worker.wake();
  await untilTrue(grid, () => slow.started.length > 0);
  let sentMs = 0;
  owner.store.swap = async (changes, options) => {
    const outcomes = await swap.call(owner.store, changes, options);
    if (!changes.some(({ ref }) => ref === grid.names.node("n1"))) return outcomes;
    sentMs = grid.clock.elapsedMs();
    await grid.clock.wait(6_000);
    Object.assign(owner.store, { refs: away, swap: away });
    return outcomes;
  };
  await untilTrue(grid, () => sentMs > 0);
  let takenMs = 0;
  const taker = new FakeExecutor(["module"], () => {
    takenMs = grid.clock.elapsedMs();
    return Promise.resolve(executionOf("success"));
  });
  const other = makeWorker(grid, "n2", { executor: taker, exitWhenIdle: false });
  const othersWork = other.worker.run(stop.signal);
  await untilTrue(grid, () => takenMs > 0);
  ok(takenMs - sentMs < 12_000, `taken after ${takenMs - sentMs}`);
  // Not before: the answer did come while it was still trusted.
  ok(stoppedMs - sentMs > 6_600 && stoppedMs - sentMs <= 6_700, `${stoppedMs - sentMs}`);
  Object.assign(owner.store, { refs, swap });
  stop.abort();
  await Promise.all([ownersWork, othersWork]);
});

Deno.test("a long outage of the server makes nobody lose a task, and results arrive after it", async () => {
  const grid = await MemoryGrid.with([makeTask("a"), makeTask("b")], LEASE);
  const quick = () =>
    new FakeExecutor(["module"], async () => {
      await grid.clock.wait(4_000);
      return executionOf("success");
    });
  const made = ["n1", "n2"].map((id) =>
    makeWorker(grid, id, { executor: quick(), parallel: 1, shelf: new MemoryShelf() })
  );
  const working = Promise.all(made.map(({ worker }) => worker.run(never)));
  await untilTrue(grid, () => made.every(({ executor }) => executor.started.length === 1));
  const servers = made.map(({ store }) => ({ refs: store.refs, swap: store.swap }));
  for (const { store } of made) Object.assign(store, { refs: away, swap: away });
  await grid.clock.wait(3_600_000);
  made.forEach(({ store }, index) => Object.assign(store, servers[index]));
  await working;
  for (const id of ["a", "b"]) equal((await resultOf(grid, id)).attempts.length, 1);
  equal(made.flatMap(({ executor }) => executor.started).length, 2);
});

Deno.test("a worker that slept through its lease publishes nothing of what was taken over", async () => {
  const grid = await MemoryGrid.with([makeTask("a")], LEASE);
  const slow = new FakeExecutor(["module"], untilStopped);
  const owner = makeWorker(grid, "n1", { executor: slow });
  // It sleeps in its next look, as a stopped process would.
  let wakeUp = () => {};
  const sleep = new Promise<void>((resolve) => wakeUp = resolve);
  const { refs } = owner.store;
  const working = owner.worker.run(never);
  await untilTrue(grid, () => slow.started.length > 0);
  owner.store.refs = async () => {
    await sleep;
    return await refs.call(owner.store);
  };
  const other = makeWorker(grid, "n2", { exitWhenIdle: false });
  const stop = new AbortController();
  const othersWork = other.worker.run(stop.signal);
  await untilTrue(grid, () => other.executor.started.length > 0);
  wakeUp();
  await working;
  stop.abort();
  await othersWork;
  same(outcomes(await resultOf(grid, "a")), ["1 n1 lost", "2 n2 success"]);
});

Deno.test("a result that could not be delivered is delivered by the next life of the node", async () => {
  const grid = await MemoryGrid.with([makeTask("a")], LEASE);
  const shelf = new MemoryShelf();
  const executor = new FakeExecutor(["module"], () => Promise.resolve(executionOf("success")));
  const first = makeWorker(grid, "n1", { executor, shelf });
  const swap = first.store.swap.bind(first.store);
  first.store.swap = (changes, options) => {
    if (executor.started.length === 0) return swap(changes, options);
    return Promise.reject(new GitError("pushing: away", "unreachable", 128));
  };
  const stop = new AbortController();
  const working = first.worker.run(stop.signal).catch((error) => error.message);
  await untilTrue(grid, () => shelf.kept.size > 0);
  stop.abort();
  match(await working, /1 results could not be delivered; they are kept/);
  const second = makeWorker(grid, "n1", { shelf });
  await second.worker.run(never);
  same(second.executor.started, []);
  same([outcomes(await resultOf(grid, "a")), shelf.kept.size], [["1 n1 success"], 0]);
});

Deno.test("a result from an earlier life is dropped, if its task was taken over meanwhile", async () => {
  const grid = await MemoryGrid.with([makeTask("a")], LEASE);
  await leaveClaimed(grid, "n1", ["a"]);
  const claimed = (await grid.look("reader")).ledger.stateOf("a")!;
  await makeWorker(grid, "n2").worker.run(never);
  const shelf = new MemoryShelf();
  const { attempt, claimed_at } = claimed;
  await shelf.keep([{
    event: {
      kind: "report",
      task_id: "a",
      node_id: "n1",
      attempt,
      claimed_at,
      at: claimed_at,
      outcome: "failed",
      retries: 0,
      retry_at: claimed_at,
    },
    execution: executionOf("failed"),
  }]);
  await makeWorker(grid, "n1", { shelf }).worker.run(never);
  same([outcomes(await resultOf(grid, "a")), shelf.kept.size], [
    ["1 n1 lost", "2 n2 success"],
    0,
  ]);
});

Deno.test("a running task is stopped within a poll after it was cancelled", async () => {
  const grid = await MemoryGrid.with([makeTask("a")], LEASE);
  let stoppedMs = 0;
  const executor = new FakeExecutor(["module"], async (_job, signal) => {
    await grid.clock.wait(300_000, signal);
    stoppedMs = grid.clock.elapsedMs();
    signal.throwIfAborted();
    return executionOf("success");
  });
  const { worker } = makeWorker(grid, "n1", { executor });
  const working = worker.run(never);
  await untilTrue(grid, () => executor.started.length > 0);
  const { ledger } = await grid.look("alice");
  const at = grid.clock.now().toISOString();
  const execution = notRun("cancelled", "cancelled by alice");
  await say(ledger, [{ event: { kind: "cancel", task_id: "a", node_id: "alice", at }, execution }]);
  const askedMs = grid.clock.elapsedMs();
  await working;
  ok(stoppedMs - askedMs <= 1_200, `${stoppedMs - askedMs}`);
  const result = await resultOf(grid, "a");
  same([result.status, result.reason], ["cancelled", "it was cancelled while it ran"]);
});

Deno.test("what is being cancelled ends as cancelled, when its owner is gone", async () => {
  const grid = await MemoryGrid.with([makeTask("a")], LEASE);
  await leaveClaimed(grid, "dead", ["a"]);
  const { ledger } = await grid.look("alice");
  const at = grid.clock.now().toISOString();
  await say(ledger, [{ event: { kind: "cancel", task_id: "a", node_id: "alice", at } }]);
  const { worker, executor } = makeWorker(grid, "n1");
  await worker.run(never);
  same(executor.started, []);
  const result = await resultOf(grid, "a");
  same([result.status, result.reason], [
    "cancelled",
    "it was cancelled, and its owner dead was lost",
  ]);
});

Deno.test("a retry that a node with a wrong clock has put off by a day begins in time", async () => {
  const grid = await MemoryGrid.with([makeTask("a", { retries: 1 })], LEASE);
  const ahead = {
    now: () => new Date(grid.clock.now().getTime() + 86_400_000),
    elapsedMs: () => grid.clock.elapsedMs(),
    wait: (ms: number, signal?: AbortSignal) => grid.clock.wait(ms, signal),
  };
  const failing = new FakeExecutor(["module"], () => Promise.resolve(executionOf("failed")));
  await makeWorker(grid, "n1", { executor: failing, clock: ahead, maxTasks: 1 }).worker.run(never);
  const { worker, executor } = makeWorker(grid, "n2");
  const beganMs = grid.clock.elapsedMs();
  await worker.run(never);
  same(executor.started, ["a#2"]);
  ok(grid.clock.elapsedMs() - beganMs < 30_000, `${grid.clock.elapsedMs() - beganMs}`);
});

Deno.test("an attempt is stopped, when its task was ended and settled while its machine slept", async () => {
  const settings = { "dgrid.json": '{"version": 1, "lease_seconds": 10, "max_attempts": 1}' };
  const grid = await MemoryGrid.with([makeTask("a")], settings);
  let why: unknown;
  const slow = new FakeExecutor(["module"], async (job, signal) => {
    await untilStopped(job, signal).catch((reason) => why = reason.why);
    throw signal.reason;
  });
  let wakeUp = () => {};
  const sleep = new Promise<void>((resolve) => wakeUp = resolve);
  let fellAsleepMs: number | undefined = undefined;
  // The clock of a machine that sleeps stands still, so its lease does not seem to go by.
  const clock = {
    now: () => grid.clock.now(),
    elapsedMs: () => fellAsleepMs ?? grid.clock.elapsedMs(),
    async wait(milliseconds: number, signal?: AbortSignal) {
      await grid.clock.wait(milliseconds, signal);
      if (fellAsleepMs !== undefined) await sleep;
    },
  };
  const working = makeWorker(grid, "n1", { executor: slow, clock }).worker.run(never);
  await untilTrue(grid, () => slow.started.length > 0);
  fellAsleepMs = grid.clock.elapsedMs();
  await makeWorker(grid, "n2").worker.run(never);
  equal((await resultOf(grid, "a")).status, "lost");
  wakeUp();
  await working;
  equal(why, "fenced");
});
