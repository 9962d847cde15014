/**
 * What a worker does when the ledger or the host says no.
 *
 * @module
 */
import { deepStrictEqual as same, equal, match, ok, rejects } from "node:assert/strict";
import { GitError } from "../../lib/git/git_error.ts";
import type { RefChange, SwapOutcome } from "../../lib/ledger/store.ts";
import type { Result } from "../../lib/protocol/result.ts";
import { standingsOf } from "../../lib/ledger/results.ts";
import { shardOf } from "../../lib/protocol/identity.ts";
import { SHARD_PATHS } from "../../lib/protocol/layout.ts";
import { deliveredAmong } from "../../lib/worker/delivered.ts";
import { executionOf, FakeExecutor, untilStopped } from "../support/fake_executor.ts";
import { makeTask, type MeddledStore, MemoryGrid, tamper } from "../support/memory_grid.ts";
import { MemoryShelf } from "../support/memory_shelf.ts";
import { makeWorker, never, untilTrue } from "./made.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const FEW = { "dgrid.json": '{"version": 1, "lease_seconds": 100, "push_budget": 6}' };
const LEASE = { "dgrid.json": '{"version": 1, "lease_seconds": 10}' };

/** Makes the host refuse every swap with a ref like this, and counts them. */
function refuse(store: MeddledStore, isRefused: (change: RefChange) => boolean): { count: number } {
  const seen = { count: 0 };
  const swap = store.swap.bind(store);
  store.swap = async (changes, options) => {
    const refused = changes.filter(isRefused);
    seen.count += refused.length;
    const done = await swap(changes.filter((change) => !refused.includes(change)), options);
    const no: SwapOutcome = { done: false, why: "refused", words: "a hook says no" };
    return new Map([...done, ...refused.map(({ ref }): [string, SwapOutcome] => [ref, no])]);
  };
  return seen;
}

async function resultsOf(grid: MemoryGrid, ids: string[]): Promise<Result[]> {
  const { ledger } = await grid.look("reader");
  return [...(await standingsOf(ledger, ids)).values()].map((standing) => {
    if (standing.where !== "settled") throw new Error(`it is ${standing.where}`);
    return standing.result;
  });
}

Deno.test("an entry that nobody can read keeps no worker from its other tasks", async () => {
  const grid = await MemoryGrid.with([makeTask("a"), makeTask("b")]);
  await tamper(grid, grid.names.shard(shardOf("a")), [
    { path: SHARD_PATHS.task("a"), bytes: bytes("{") },
  ]);
  const { worker, executor } = makeWorker(grid, "n1", { parallel: 1 });
  await worker.run(never);
  same(executor.started, ["b#1"]);
});

Deno.test("a mark that is not in the branch keeps no worker from other shards, nor makes it spin", async () => {
  const grid = await MemoryGrid.with([makeTask("a"), makeTask("b")]);
  ok(shardOf("a") !== shardOf("b"));
  const mark = { path: SHARD_PATHS.settled, bytes: bytes(`${"1".repeat(40)}\n`) };
  await tamper(grid, grid.names.shard(shardOf("a")), [mark]);
  const stop = new AbortController();
  const { worker, executor, store } = makeWorker(grid, "n1", { parallel: 1, exitWhenIdle: false });
  let looks = 0;
  const refs = store.refs.bind(store);
  store.refs = () => (looks++, refs());
  const working = worker.run(stop.signal);
  await untilTrue(grid, () => grid.clock.elapsedMs() > 60_000);
  stop.abort();
  await working;
  same(executor.started, ["b#1"]);
  ok(looks < 100, `${looks} looks in a minute`);
});

Deno.test("a result that the host refuses ends its task as rejected, and no other one", async () => {
  const ids = ["bad", ...Array.from({ length: 200 }, (_, index) => `t${index}`)];
  const [good] = ids.filter((id) => id !== "bad" && shardOf(id) === shardOf("bad"));
  const grid = await MemoryGrid.with([makeTask("bad"), makeTask(good)]);
  const executor = new FakeExecutor(
    ["module"],
    ({ task }) =>
      Promise.resolve({
        ...executionOf("success"),
        stdout: task.task_id === "bad" ? "a secret" : "fine",
      }),
  );
  const { worker, store } = makeWorker(grid, "n1", { executor });
  refuse(store, ({ next }) => {
    const files = next === undefined ? undefined : grid.server.commits.get(next)?.files;
    const result = files?.get(SHARD_PATHS.result("bad"));
    const text = result && new TextDecoder().decode(grid.server.contents.get(result));
    return text?.includes("a secret") ?? false;
  });
  await worker.run(never);
  const [bad, fine] = await resultsOf(grid, ["bad", good]);
  equal(fine.status, "success");
  equal(bad.status, "rejected");
  match(bad.reason!, /^the host does not take its result: .*a hook says no/);
  equal(bad.stdout, "");
});

Deno.test("a node whose signs of life are refused claims nothing more, and does not hammer the host", async () => {
  const grid = await MemoryGrid.with([makeTask("a"), makeTask("b")], LEASE);
  const executor = new FakeExecutor(["module"], untilStopped);
  const { worker, store } = makeWorker(grid, "n1", { executor, exitWhenIdle: false, parallel: 1 });
  const stop = new AbortController();
  const working = worker.run(stop.signal);
  await untilTrue(grid, () => executor.started.length > 0);
  const seen = refuse(store, ({ ref }) => ref === grid.names.node("n1"));
  const beganMs = grid.clock.elapsedMs();
  await untilTrue(grid, () => grid.clock.elapsedMs() - beganMs > 60_000);
  stop.abort();
  await working;
  same(executor.started, ["a#1"]);
  ok(seen.count < 100, `${seen.count} pushes in a minute`);
});

Deno.test("a worker that ends in the middle keeps what it could not say", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const shelf = new MemoryShelf();
  const { worker, store, executor } = makeWorker(grid, "n1", { shelf });
  store.swap = ((swap) => (changes, options) => {
    if (executor.started.length > 0) throw new TypeError("a defect of ours");
    return swap(changes, options);
  })(store.swap.bind(store));
  await rejects(worker.run(never), /a defect of ours/);
  same([...shelf.kept].map(({ event }) => `${event.kind} ${event.task_id}`), ["report a"]);
});

for (const [where, settings] of [["", LEASE], [", also in turn", FEW]] as const) {
  Deno.test(`a node that fails at each start lets go of the claims of its last life${where}`, async () => {
    const grid = await MemoryGrid.with([makeTask("a")], settings);
    const stop = new AbortController();
    const slow = new FakeExecutor(["module"], untilStopped);
    const first = makeWorker(grid, "n1", { executor: slow });
    void first.worker.run(never).catch(() => undefined);
    await untilTrue(grid, () => slow.started.length > 0);
    first.store.refs = () => new Promise(() => {});
    const second = makeWorker(grid, "n1");
    Object.assign(second.executor, {
      removeLeftoversOf: () => Promise.reject(new Error("the engine is gone")),
    });
    await rejects(second.worker.run(stop.signal), /the engine is gone/);
    const { ledger } = await grid.look("reader");
    equal(ledger.stateOf("a")?.status, "retrying");
  });
}

Deno.test("a report that was heard and settled before its answer came is not told as fenced", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const shelf = new MemoryShelf();
  const { worker } = makeWorker(grid, "n1", { shelf });
  await worker.run(never);
  const { ledger } = await grid.look("reader");
  const standing = (await standingsOf(ledger, ["a"])).get("a")!;
  if (!("result" in standing)) throw new Error(standing.where);
  const { attempt, claimed_at, timestamp: at } = standing.result;
  const own = { kind: "report", task_id: "a", node_id: "n1", attempt, claimed_at, at } as const;
  const report = { ...own, outcome: "success", retries: 0, retry_at: at } as const;
  const refusal = { ok: false, code: "not_owner", reason: "" } as const;
  const said = [{ event: report }, {
    event: { ...report, claimed_at: "2025-01-01T00:00:00.000Z" },
  }];
  const heard = said.map(() => ({ heard: false, refusal } as const));
  same([...await deliveredAmong(ledger, said, heard)], [said[0]]);
});

Deno.test("a worker whose disk is full claims nothing until there is room, and loses nothing", async () => {
  const grid = await MemoryGrid.with([makeTask("a"), makeTask("b")]);
  const times: number[] = [];
  const executor = new FakeExecutor(["module"], () => {
    times.push(grid.clock.elapsedMs());
    return Promise.resolve(executionOf("success"));
  });
  const { worker, store } = makeWorker(grid, "n1", { executor, parallel: 1 });
  const write = store.write.bind(store);
  let failures = 0;
  store.write = (work) => {
    if (times.length !== 1 || failures === 3) return write(work);
    failures++;
    throw new GitError("writing commits: no space left on device", "disk_full", 128);
  };
  await worker.run(never);
  equal(failures, 3);
  equal(times.length, 2);
  ok(times[1] - times[0] >= 30_000, `${times[1] - times[0]}`);
  same((await resultsOf(grid, ["a", "b"])).map(({ status }) => status), ["success", "success"]);
});

Deno.test("what was won is started, although the line broke before its spec could be read", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const { worker, executor, store } = makeWorker(grid, "n1");
  const { read } = store;
  let failures = 0;
  store.read = async (oids, maxBytes) => {
    const isClaimed = (await grid.look("reader")).ledger.stateOf("a") !== undefined;
    if (!isClaimed || failures > 0) return await read.call(store, oids, maxBytes);
    failures++;
    throw new GitError("fetching: the connection broke off", "unreachable", 128);
  };
  await worker.run(never);
  same([executor.started, failures], [["a#1"], 1]);
});
