/**
 * What a worker's counters say of a real repository, beside what a witness has seen: each Git writes
 * down by itself how it was started.
 *
 * @module
 */
import { deepStrictEqual as same, equal, ok } from "node:assert/strict";
import { join } from "@std/path";
import { systemClock } from "../../lib/clock.ts";
import { commandIn, GitCounters } from "../../lib/git/git_counters.ts";
import { GitStore } from "../../lib/ledger/git_store.ts";
import { Ledger } from "../../lib/ledger/ledger.ts";
import { submitTasks } from "../../lib/ledger/submit.ts";
import { RefNames } from "../../lib/protocol/layout.ts";
import { Worker } from "../../lib/worker/worker.ts";
import { FakeExecutor } from "../support/fake_executor.ts";
import { GitGrid } from "../support/git_grid.ts";
import { makeTask } from "../support/memory_grid.ts";
import { MemoryShelf } from "../support/memory_shelf.ts";
import { never } from "./made.ts";

const names = new RefNames();

/** Settings that have every Git write down how it was started, and what they wrote. */
async function witness(folder: string): Promise<{ settings: string; seen(): Promise<string[]> }> {
  const settings = join(folder, "witness");
  const notes = join(folder, "notes");
  await Deno.writeTextFile(settings, `[trace2]\n\teventTarget = ${notes}\n`);
  const seen = async () => {
    const events = (await Deno.readTextFile(notes)).trimEnd().split("\n").map((line) =>
      JSON.parse(line)
    );
    // What Git starts by itself has its starter's id before its own.
    const ours = events.filter(({ event, sid }) => event === "start" && !sid.includes("/"));
    return ours.map(({ argv }) => commandIn(argv.slice(1)));
  };
  return { settings, seen };
}

Deno.test("a worker that ran to idle has counted each Git that was started, and what it sent", async () => {
  await using grid = await GitGrid.with();
  const tasks = Array.from({ length: 20 }, (_, index) => makeTask(`t${index}`));
  const user = await grid.open("user");
  await user.refresh();
  await submitTasks(user, tasks);
  await user.store[Symbol.asyncDispose]();
  const { settings, seen } = await witness(grid.folder);
  const host = { PATH: Deno.env.get("PATH")!, GIT_CONFIG_GLOBAL: settings };
  const counters = new GitCounters();
  const options = { url: grid.url, home: join(grid.folder, "own"), names, counters };
  await using store = await GitStore.open({ ...options, host });
  const writer = { name: "n1", email: "n1@example.com", clock: systemClock, random: Math.random };
  const worker = new Worker(new Ledger(store, names, writer), {
    nodeId: "n1",
    labels: {},
    machine: { hostname: "h", os: "linux", arch: "x86_64", cpus: 2, memory_mb: 4096 },
    parallel: 4,
    executor: new FakeExecutor(),
    pollMs: 50,
    maxPollMs: 200,
    graceMs: 1_000,
    exitWhenIdle: true,
    version: "test",
    instance: "home",
    shelf: new MemoryShelf(),
    clock: systemClock,
    random: Math.random,
  });
  await worker.run(never);
  const { operations, bytes, refs, refused_pushes } = counters.snapshot();
  const counted = Object.entries(operations).map(([kind, { count }]) => [kind, count]);
  const witnessed = Map.groupBy(await seen(), (kind) => kind);
  same(
    Object.fromEntries(counted),
    Object.fromEntries([...witnessed].map(([kind, all]) => [kind, all.length])),
  );
  same(Object.entries(operations).filter(([, { failed }]) => failed > 0), []);
  for (const kind of ["ls-remote", "push", "fetch", "cat-file", "fast-import"]) {
    const { count, ms } = operations[kind];
    ok(count > 0 && ms > 0, `${kind} ${count} ${ms}`);
  }
  ok(Object.values(bytes).every((count) => count > 0), JSON.stringify(bytes));
  // Alone, it loses no swap; each push has moved at least one ref.
  same([refs.lost, refs.refused, refused_pushes], [0, 0, 0]);
  ok(refs.moved >= operations.push.count);
  const { claims, queue_delay, runs } = worker.counters.snapshot();
  same([claims.won, queue_delay.count, runs.count], [20, 20, 20]);
  equal(operations["ls-remote"].count >= worker.counters.snapshot().ticks.count, true);
});
