import { join } from "@std/path";
import type { Executor } from "../lib/executor/executor.ts";
import type { Task } from "../lib/protocol/task.ts";
import type { Figures } from "./benchmark.ts";
import { demandSettled, makeQueue, openLedger } from "./bench_grid.ts";
import { makeWorker } from "./make_worker.ts";
import { ratePerSecond } from "./stopwatch.ts";
import { watchTime } from "./time_parts.ts";

/** One worker in this process, and what it finds in the queue. */
export interface WorkerRun {
  /** Where the repository and the local copies are made. */
  folder: string;
  tasks: Task[];
  executor: Executor;
  parallel: number;
}

const NODE = "worker";

/** The figure that tells how many tasks a worker did in a second. */
export const RATE = "tasks/s";

/**
 * Lets a worker do a queue of tasks, until all of them are settled.
 *
 * @returns {@link RATE}, and where its time went
 * @throws {Error} when one of them did not succeed and is not settled in the end
 */
export async function runWorker(run: WorkerRun): Promise<Figures> {
  const { folder, tasks, executor, parallel } = run;
  const url = await makeQueue(folder, tasks);
  await using open = await openLedger({ url, home: join(folder, NODE), name: NODE });
  await open.ledger.refresh();
  const outbox = join(folder, "outbox");
  const options = { executor, nodeId: NODE, outbox, parallel, exitWhenIdle: true };
  const worker = makeWorker(open.ledger, options);
  const partsOf = watchTime(open.git);
  const work = () => worker.run(new AbortController().signal);
  const rate = await ratePerSecond(tasks.length, work);
  const parts = partsOf(worker.counters);
  await demandSettled(url, tasks.length);
  return { [RATE]: rate, ...parts };
}
