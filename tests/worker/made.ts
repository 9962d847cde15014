/**
 * Workers on a grid in memory.
 *
 * @module
 */
import { Worker } from "../../lib/worker/worker.ts";
import type { WorkerOptions } from "../../lib/worker/worker_options.ts";
import { FakeExecutor } from "../support/fake_executor.ts";
import { type MeddledStore, type MemoryGrid, seeded } from "../support/memory_grid.ts";
import { MemoryShelf } from "../support/memory_shelf.ts";

export const never = new AbortController().signal;
const machine = { hostname: "h", os: "linux", arch: "x86_64", cpus: 2, memory_mb: 4096 };

export interface Made {
  worker: Worker;
  executor: FakeExecutor;
  store: MeddledStore;
}

export function makeWorker(
  grid: MemoryGrid,
  nodeId: string,
  more: Partial<WorkerOptions> = {},
): Made {
  const { ledger, store } = grid.open(nodeId);
  const executor = (more.executor ?? new FakeExecutor()) as FakeExecutor;
  const worker = new Worker(ledger, {
    nodeId,
    labels: {},
    machine,
    parallel: 2,
    pollMs: 1000,
    maxPollMs: 5000,
    graceMs: 5000,
    exitWhenIdle: true,
    version: "test",
    instance: `the home of ${nodeId}`,
    shelf: new MemoryShelf(),
    clock: grid.clock,
    random: seeded(7),
    ...more,
    executor,
  });
  return { worker, executor, store };
}

/** Lets the grid's time go on until something is so; fails after a day of it. */
export async function untilTrue(
  grid: MemoryGrid,
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  for (let waitedMs = 0; !await isSo(); waitedMs += 50) {
    if (waitedMs > 86_400_000) throw new Error("waiting: it never came to be");
    await grid.clock.wait(50);
  }
}
