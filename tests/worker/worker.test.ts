import { deepStrictEqual as same, equal, match, ok, rejects } from "node:assert/strict";
import { ExecutorBroken } from "../../lib/executor/executor.ts";
import { GitError } from "../../lib/git/git_error.ts";
import { say } from "../../lib/ledger/live_edge.ts";
import { standingsOf } from "../../lib/ledger/results.ts";
import { shardOf } from "../../lib/protocol/identity.ts";
import { queuePath, resultPath, SHARD_PATHS } from "../../lib/protocol/layout.ts";
import type { Result } from "../../lib/protocol/result.ts";
import type { Task } from "../../lib/protocol/task.ts";
import { executionOf, FakeExecutor, untilStopped } from "../support/fake_executor.ts";
import { makeTask, MemoryGrid, tamper } from "../support/memory_grid.ts";
import { makeWorker, never, untilTrue } from "./made.ts";

async function resultsOf(grid: MemoryGrid, ids: string[]): Promise<Map<string, Result>> {
  const { ledger } = await grid.look("reader");
  const results = new Map<string, Result>();
  for (const [id, standing] of await standingsOf(ledger, ids)) {
    if (standing.where === "settled") results.set(id, standing.result);
  }
  return results;
}

/** A worker claims a task, is stopped while it runs, and hands it back. */
async function stopInTheMiddle(grid: MemoryGrid, nodeId: string): Promise<void> {
  const stop = new AbortController();
  const executor = new FakeExecutor(["module"], (job, signal) => {
    stop.abort();
    return untilStopped(job, signal);
  });
  await makeWorker(grid, nodeId, { executor, exitWhenIdle: false }).worker.run(stop.signal);
}

const tasksOf = (count: number, more: Record<string, unknown> = {}): Task[] =>
  Array.from({ length: count }, (_, index) => makeTask(`t${index}`, more));

Deno.test("run() runs each task once, settles, and ends when idle", async () => {
  const tasks = tasksOf(30);
  const grid = await MemoryGrid.with(tasks);
  const { worker, executor } = makeWorker(grid, "n1");
  await worker.run(never);
  same(executor.started.toSorted(), tasks.map(({ task_id }) => `${task_id}#1`).toSorted());
  same(grid.liveFiles(), []);
  same(
    grid.mainFiles(),
    ["dgrid.json", "nodes/n1.json", ...tasks.map(({ task_id }) => resultPath(task_id, "success"))]
      .toSorted(),
  );
});

Deno.test("ten workers on one grid run each task exactly once", async () => {
  const tasks = tasksOf(100);
  const grid = await MemoryGrid.with(tasks);
  const made = Array.from({ length: 10 }, (_, index) => makeWorker(grid, `n${index}`));
  await Promise.all(made.map(({ worker }) => worker.run(never)));
  const started = made.flatMap(({ executor }) => executor.started);
  same(started.toSorted(), tasks.map(({ task_id }) => `${task_id}#1`).toSorted());
  equal((await resultsOf(grid, tasks.map(({ task_id }) => task_id))).size, 100);
  same(grid.liveFiles(), []);
});

Deno.test("run() never has more than `parallel` attempts at once", async () => {
  const grid = await MemoryGrid.with(tasksOf(9));
  let now = 0;
  let most = 0;
  const executor = new FakeExecutor(["module"], async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 0));
    now--;
    return executionOf("success");
  });
  await makeWorker(grid, "n1", { executor, parallel: 3 }).worker.run(never);
  equal(most, 3);
});

Deno.test("run() tries a failed task again as often as it may, and keeps every attempt", async () => {
  const grid = await MemoryGrid.with([makeTask("a", { retries: 2 })]);
  const executor = new FakeExecutor(["module"], () => Promise.resolve(executionOf("failed")));
  await makeWorker(grid, "n1", { executor }).worker.run(never);
  same(executor.started, ["a#1", "a#2", "a#3"]);
  const result = (await resultsOf(grid, ["a"])).get("a")!;
  equal(result.status, "failed");
  same(result.attempts.map(({ attempt, outcome }) => [attempt, outcome]), [
    [1, "failed"],
    [2, "failed"],
    [3, "failed"],
  ]);
});

Deno.test("run() waits before it tries again", async () => {
  const grid = await MemoryGrid.with([makeTask("a", { retries: 1 })]);
  const times: number[] = [];
  const executor = new FakeExecutor(["module"], () => {
    times.push(grid.clock.elapsedMs());
    return Promise.resolve(executionOf("failed"));
  });
  await makeWorker(grid, "n1", { executor }).worker.run(never);
  ok(times[1] - times[0] >= 1000, `${times}`);
});

Deno.test("run() leaves a task alone before its time", async () => {
  const start = new Date(Date.UTC(2026, 0, 1) + 60_000).toISOString();
  const grid = await MemoryGrid.with([makeTask("a", { not_before: start })]);
  let startedAt = "";
  const executor = new FakeExecutor(["module"], () => {
    startedAt = grid.clock.now().toISOString();
    return Promise.resolve(executionOf("success"));
  });
  await makeWorker(grid, "n1", { executor }).worker.run(never);
  ok(startedAt >= start, startedAt);
});

Deno.test("run() leaves alone what this node cannot run, and does not wait for it", async () => {
  const grid = await MemoryGrid.with([
    makeTask("gpu", { labels: { gpu: "yes" } }),
    makeTask("big", { resources: { cpus: 64 } }),
    makeTask("script", { module: undefined, script: "true" }),
    makeTask("mine", { labels: { zone: "a" } }),
  ]);
  const executor = new FakeExecutor(["module"]);
  await makeWorker(grid, "n1", { executor, labels: { zone: "a" } }).worker.run(never);
  same(executor.started, ["mine#1"]);
});

Deno.test("run() takes the urgent before the old", async () => {
  const grid = await MemoryGrid.with([
    makeTask("old", { created_at: "2020-01-01T00:00:00Z" }),
    makeTask("new", { created_at: "2025-01-01T00:00:00Z" }),
    makeTask("urgent", { priority: "critical" }),
  ]);
  const { worker, executor } = makeWorker(grid, "n1", { parallel: 1 });
  await worker.run(never);
  same(executor.started, ["urgent#1", "old#1", "new#1"]);
});

Deno.test("run() ends a file that is no task as rejected, with the reason, and goes on", async () => {
  const grid = await MemoryGrid.with([makeTask("good")], {
    [queuePath("bad", "medium")]: '{"task_id": "bad", "scirpt": "true"}',
  });
  const { worker, executor } = makeWorker(grid, "n1");
  await worker.run(never);
  same(executor.started, ["good#1"]);
  const result = (await resultsOf(grid, ["bad"])).get("bad")!;
  equal(result.status, "rejected");
  match(result.reason!, /scirpt: "true": unknown field/);
  ok(grid.mainFiles().includes(resultPath("bad", "rejected")));
  ok(!grid.mainFiles().includes(queuePath("bad", "medium")));
});

Deno.test("a stopped worker finishes what runs within the grace time", async () => {
  const grid = await MemoryGrid.with(tasksOf(5));
  const stop = new AbortController();
  const executor = new FakeExecutor(["module"], async () => {
    stop.abort();
    await new Promise((resolve) => setTimeout(resolve, 0));
    return executionOf("success");
  });
  const made = makeWorker(grid, "n1", { executor, exitWhenIdle: false });
  await made.worker.run(stop.signal);
  equal(executor.started.length, 2, "nothing new after the stop");
  equal((await resultsOf(grid, tasksOf(5).map(({ task_id }) => task_id))).size, 2);
  same(grid.liveFiles(), []);
});

Deno.test("a stopped worker hands back what does not end in time, for others to run", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  await stopInTheMiddle(grid, "n1");
  const { ledger } = await grid.look("reader");
  equal(ledger.stateOf("a")?.status, "retrying");
  const { worker, executor } = makeWorker(grid, "n2");
  await worker.run(never);
  same(executor.started, ["a#2"]);
  const result = (await resultsOf(grid, ["a"])).get("a")!;
  same(result.attempts.map(({ node_id, outcome }) => [node_id, outcome]), [
    ["n1", "handed_back"],
    ["n2", "success"],
  ]);
});

Deno.test("a worker hands back what it had claimed in an earlier life, and runs it anew", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const { ledger } = await grid.look("n1");
  const at = grid.clock.now().toISOString();
  const spec = ledger.main.queue.get("a")!.blob;
  await say(ledger, [{ event: { kind: "claim", task_id: "a", node_id: "n1", at }, spec }]);
  grid.clock.advance(5000);
  const { worker, executor } = makeWorker(grid, "n1");
  await worker.run(never);
  same(executor.started, ["a#2"]);
});

Deno.test("a claim whose answer was lost is run once, by the node that won it", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const { worker, executor, store } = makeWorker(grid, "n1");
  const swap = store.swap.bind(store);
  let broken = false;
  store.swap = async (changes, options) => {
    const outcomes = await swap(changes, options);
    if (broken || !changes.some(({ ref }) => grid.names.shardIn(ref))) return outcomes;
    broken = true;
    throw new GitError("pushing: the line broke after the push", "unreachable", 128);
  };
  await worker.run(never);
  same(executor.started, ["a#1"]);
});

Deno.test("a report stays to be said while the server is away", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const { worker, executor, store } = makeWorker(grid, "n1");
  const swap = store.swap.bind(store);
  let calls = 0;
  store.swap = (changes, options) => {
    calls++;
    if (calls > 2 && calls < 8) throw new GitError("pushing: away", "unreachable", 128);
    return swap(changes, options);
  };
  await worker.run(never);
  same(executor.started, ["a#1"]);
  equal((await resultsOf(grid, ["a"])).get("a")?.status, "success");
});

Deno.test("a worker whose machinery breaks hands the task back, and tries again after a pause", async () => {
  const grid = await MemoryGrid.with([makeTask("a", { module: undefined, script: "true" })]);
  const times: number[] = [];
  const executor = new FakeExecutor(["script"], () => {
    times.push(grid.clock.elapsedMs());
    if (times.length === 1) throw new ExecutorBroken("the engine is gone");
    return Promise.resolve(executionOf("success"));
  });
  await makeWorker(grid, "n1", { executor }).worker.run(never);
  same(executor.started, ["a#1", "a#2"]);
  ok(times[1] - times[0] >= 30_000, `${times}`);
});

Deno.test("a task that finds a defect of ours is ended, and not tried on every node", async () => {
  const grid = await MemoryGrid.with([makeTask("a", { retries: 3 }), makeTask("b")]);
  const executor = new FakeExecutor(["module"], ({ task }) => {
    if (task.task_id === "a") throw new TypeError("x is not a function");
    return Promise.resolve(executionOf("success"));
  });
  await makeWorker(grid, "n1", { executor }).worker.run(never);
  same(executor.started.toSorted(), ["a#1", "b#1"]);
  const result = (await resultsOf(grid, ["a"])).get("a")!;
  same([result.status, result.reason], ["rejected", "internal error: x is not a function"]);
});

Deno.test("a task that breaks the machinery again and again is given up", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const executor = new FakeExecutor(["module"], () => {
    throw new ExecutorBroken("the engine is gone");
  });
  await makeWorker(grid, "n1", { executor }).worker.run(never);
  const result = (await resultsOf(grid, ["a"])).get("a")!;
  equal(result.status, "rejected");
  match(result.reason!, /^given up after 50 attempts that no node could run: the engine is gone$/);
});

Deno.test("a task whose machinery broke can be run by another node at once", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const stop = new AbortController();
  const broken = new FakeExecutor(["module"], () => {
    stop.abort();
    throw new ExecutorBroken("the engine is gone");
  });
  await makeWorker(grid, "n1", { executor: broken }).worker.run(stop.signal);
  const { worker, executor } = makeWorker(grid, "n2");
  await worker.run(never);
  same(executor.started, ["a#2"]);
});

Deno.test("a task that was handed back is run as claimed, although its file was spoilt since", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  await stopInTheMiddle(grid, "n1");
  await tamper(grid, grid.names.branch, [{
    path: queuePath("a", "medium"),
    bytes: new Uint8Array(),
  }]);
  const { worker, executor } = makeWorker(grid, "n2");
  await worker.run(never);
  same(executor.started, ["a#2"]);
  same(grid.liveFiles(), []);
});

Deno.test("a task whose spec is gone is ended as rejected, so that nobody waits for it", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  await stopInTheMiddle(grid, "n1");
  const gone = (path: string) => [{ path, remove: true as const }];
  await tamper(grid, grid.names.branch, gone(queuePath("a", "medium")));
  await tamper(grid, grid.names.shard(shardOf("a")), gone(SHARD_PATHS.spec("a")));
  const { worker, executor } = makeWorker(grid, "n2");
  await worker.run(never);
  same(executor.started, []);
  const result = (await resultsOf(grid, ["a"])).get("a")!;
  equal(result.status, "rejected");
  match(result.reason!, /its spec .* cannot be read/);
});

Deno.test("a worker goes on when the branch was away for a moment", async () => {
  const grid = await MemoryGrid.with([makeTask("a"), makeTask("b")]);
  let away: string | undefined;
  const executor = new FakeExecutor(["module"], () => {
    if (executor.started.length === 1) {
      away = grid.server.refs.get(grid.names.branch);
      grid.server.refs.delete(grid.names.branch);
    }
    return Promise.resolve(executionOf("success"));
  });
  const { worker } = makeWorker(grid, "n1", { executor, parallel: 1 });
  const wait = grid.clock.wait.bind(grid.clock);
  let waits = 0;
  grid.clock.wait = async (milliseconds, signal) => {
    if (++waits === 10) grid.server.refs.set(grid.names.branch, away!);
    await wait(milliseconds, signal);
  };
  await worker.run(never);
  equal(executor.started.length, 2);
  equal((await resultsOf(grid, ["a", "b"])).size, 2);
});

Deno.test("a stopping worker delivers its results although the server is away for a moment", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const stop = new AbortController();
  let refusals = 0;
  const executor = new FakeExecutor(["module"], () => {
    refusals = 3;
    stop.abort();
    return Promise.resolve(executionOf("success"));
  });
  const { worker, store } = makeWorker(grid, "n1", { executor });
  const refs = store.refs.bind(store);
  store.refs = () => {
    if (refusals-- > 0) throw new GitError("reading the refs: away", "unreachable", 128);
    return refs();
  };
  await worker.run(stop.signal);
  equal((await resultsOf(grid, ["a"])).get("a")?.status, "success");
});

Deno.test("a stopping worker gives up, and says so, when its results are refused for good", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const stop = new AbortController();
  const executor = new FakeExecutor(["module"], () => {
    stop.abort();
    return Promise.resolve(executionOf("success"));
  });
  const { worker, store } = makeWorker(grid, "n1", { executor });
  const swap = store.swap.bind(store);
  store.swap = (changes, options) =>
    stop.signal.aborted
      ? Promise.resolve(
        new Map(changes.map(({ ref }) => [ref, { done: false, why: "refused", words: "hook" }])),
      )
      : swap(changes, options);
  await rejects(worker.run(stop.signal), /1 results could not be delivered/);
});

Deno.test("of two processes under one name, the one that sees the other's signs of life ends", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const executor = new FakeExecutor(["module"], untilStopped);
  const { worker } = makeWorker(grid, "n1", { executor });
  const wait = grid.clock.wait.bind(grid.clock);
  let waits = 0;
  grid.clock.wait = async (milliseconds, signal) => {
    const bytes = new TextEncoder().encode(`beat ${++waits}`);
    if (waits % 10 === 0) await tamper(grid, grid.names.node("n1"), [{ path: "node.json", bytes }]);
    await wait(milliseconds, signal);
  };
  await rejects(worker.run(never), /working as n1: another process gives signs of life/);
});

Deno.test("run() ends after --max-tasks attempts", async () => {
  const grid = await MemoryGrid.with(tasksOf(10));
  const { worker, executor } = makeWorker(grid, "n1", { maxTasks: 3, exitWhenIdle: false });
  await worker.run(never);
  equal(executor.started.length, 3);
});

Deno.test("run() takes nothing while the grid's settings cannot be read", async () => {
  const grid = await MemoryGrid.with([makeTask("a"), makeTask("b")]);
  const good = grid.server.refs.get(grid.names.branch)!;
  const executor = new FakeExecutor(["module"], () => {
    if (executor.started.length === 1) spoilSettings(grid);
    return Promise.resolve(executionOf("success"));
  });
  const { worker } = makeWorker(grid, "n1", { executor, parallel: 1 });
  const wait = grid.clock.wait.bind(grid.clock);
  let waits = 0;
  grid.clock.wait = async (milliseconds, signal) => {
    if (++waits === 20) {
      equal(executor.started.length, 1);
      grid.server.refs.set(grid.names.branch, good);
    }
    await wait(milliseconds, signal);
  };
  await worker.run(never);
  equal(executor.started.length, 2);
});

/** Somebody pushes a `dgrid.json` that is none. */
function spoilSettings({ server, names }: MemoryGrid): void {
  const parent = server.refs.get(names.branch)!;
  const { files } = server.commits.get(parent)!;
  const bad = server.keep(new TextEncoder().encode('{"version": 2}'));
  const author = { name: "somebody", email: "somebody@example.com" };
  const commit = { parent, message: "oops", author, time: 0 };
  server.commits.set("bad", { ...commit, files: new Map(files).set("dgrid.json", bad) });
  server.refs.set(names.branch, "bad");
}

Deno.test("run() gives a sign of life and says goodbye", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  await makeWorker(grid, "n1").worker.run(never);
  const { ledger } = await grid.look("reader");
  const commit = ledger.refs.get(grid.names.node("n1"))!;
  const { oid } = (await ledger.store.find(commit, ["node.json"])).get("node.json")!;
  const bytes = (await ledger.store.read([oid], 10_000)).get(oid) as Uint8Array;
  equal(JSON.parse(new TextDecoder().decode(bytes)).status, "offline");
});

Deno.test("an idle worker gives its signs of life with its looks, six an hour", async () => {
  const grid = await MemoryGrid.with([]);
  const { worker, store } = makeWorker(grid, "n1", { exitWhenIdle: false, maxPollMs: 60_000 });
  const stop = new AbortController();
  const working = worker.run(stop.signal);
  await grid.clock.wait(1_800_000);
  const counts = { looks: 0, pushes: 0 };
  const { refs, swap } = store;
  store.refs = () => (counts.looks++, refs.call(store));
  store.swap = (...args) => (counts.pushes++, swap.apply(store, args));
  await grid.clock.wait(3_600_000);
  const { looks, pushes } = counts;
  stop.abort();
  await working;
  // Those that it woke up for would be looks more than one a minute.
  ok(looks >= 59 && looks <= 61, `${looks} looks`);
  ok(pushes >= 5 && pushes <= 6, `${pushes} pushes`);
});

Deno.test("run() fails at once when there is no grid", async () => {
  const { worker } = makeWorker(new MemoryGrid(), "n1");
  await rejects(worker.run(never), /there is no refs\/heads\/main/);
});

Deno.test("a busy worker reports together what ends while its slots have something to run", async () => {
  const grid = await MemoryGrid.with(tasksOf(40));
  const executor = new FakeExecutor(["module"], async () => {
    await grid.clock.wait(100);
    return executionOf("success");
  });
  const pace = { parallel: 1, pollMs: 50, maxPollMs: 50 };
  const { worker, store } = makeWorker(grid, "n1", { executor, ...pace });
  let pushes = 0;
  store.onSwap = () => pushes++;
  await worker.run(never);
  equal(executor.started.length, 40);
  // A push every half second, some for claims, some to settle, and those of the start and the end.
  ok(pushes <= 20, `${pushes} pushes in ${grid.clock.elapsedMs()} ms`);
});

Deno.test("a worker that is cut off with something to settle does not ask all the time", async () => {
  const grid = await MemoryGrid.with(tasksOf(2));
  const stop = new AbortController();
  const { worker, executor, store } = makeWorker(grid, "n1", { exitWhenIdle: false });
  const working = worker.run(stop.signal);
  await untilTrue(grid, () => executor.started.length === 2);
  await grid.clock.wait(500);
  const { refs } = store;
  let looks = 0;
  store.refs = () => {
    looks++;
    throw new GitError("reading the refs: away", "unreachable", 128);
  };
  await grid.clock.wait(60_000);
  ok(looks < 30, `${looks} looks in a minute`);
  store.refs = refs;
  stop.abort();
  await working;
  equal((await resultsOf(grid, ["t0", "t1"])).size, 2);
});
