/**
 * Workers as `dgrid worker` makes them, but for their executor.
 *
 * @module
 */
import { systemClock } from "../lib/clock.ts";
import { VERSION } from "../lib/cli/version.ts";
import type { Executor } from "../lib/executor/executor.ts";
import type { Ledger } from "../lib/ledger/ledger.ts";
import { describeMachine } from "../lib/worker/machine.ts";
import { FolderShelf } from "../lib/worker/shelf.ts";
import { Worker } from "../lib/worker/worker.ts";

export interface BenchWorker {
  executor: Executor;
  nodeId: string;
  /** A folder for what it cannot deliver. */
  outbox: string;
  parallel: number;
  exitWhenIdle: boolean;
}

/** The pace of a repository on disk. */
const POLL_MS = 200;

/** The only place where benchmarks make a worker. */
export function makeWorker(ledger: Ledger, options: BenchWorker): Worker {
  const { nodeId, outbox, ...chosen } = options;
  return new Worker(ledger, {
    ...chosen,
    nodeId,
    instance: crypto.randomUUID(),
    shelf: new FolderShelf(outbox, nodeId),
    labels: {},
    machine: describeMachine(),
    pollMs: POLL_MS,
    maxPollMs: 60_000,
    graceMs: 30_000,
    version: VERSION,
    clock: systemClock,
    random: Math.random,
  });
}
