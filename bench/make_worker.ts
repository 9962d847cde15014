/**
 * Workers as `dgrid worker` makes them, but for their executor.
 *
 * @module
 */
import { type Clock, systemClock } from "../lib/clock.ts";
import { VERSION } from "../lib/cli/version.ts";
import type { Executor } from "../lib/executor/executor.ts";
import type { Ledger } from "../lib/ledger/ledger.ts";
import { describeMachine } from "../lib/worker/machine.ts";
import { FolderShelf } from "../lib/worker/shelf.ts";
import { MemoryShelf } from "../tests/support/memory_shelf.ts";
import { Worker } from "../lib/worker/worker.ts";

export interface BenchWorker {
  executor: Executor;
  nodeId: string;
  /** A folder for what it cannot deliver; kept in memory where absent. */
  outbox?: string;
  parallel: number;
  exitWhenIdle: boolean;
  /** By default that of a repository on disk. */
  pollMs?: number;
  /** By default the machine's. */
  clock?: Clock;
  /** From 0 to less than 1; by default nobody knows what. */
  random?: () => number;
}

/** The paces of `dgrid worker`, where nothing else is said. */
export const POLL_MS = { onDisk: 200, elsewhere: 2_000 } as const;

/** The only place where benchmarks make a worker. */
export function makeWorker(ledger: Ledger, options: BenchWorker): Worker {
  const { nodeId, outbox, ...chosen } = options;
  return new Worker(ledger, {
    pollMs: POLL_MS.onDisk,
    clock: systemClock,
    random: Math.random,
    ...chosen,
    nodeId,
    instance: crypto.randomUUID(),
    shelf: outbox === undefined ? new MemoryShelf() : new FolderShelf(outbox, nodeId),
    labels: {},
    machine: describeMachine(),
    maxPollMs: 60_000,
    graceMs: 30_000,
    version: VERSION,
  });
}
