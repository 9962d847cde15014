import { join } from "@std/path";
import type { Executor } from "../lib/executor/executor.ts";
import type { Task } from "../lib/protocol/task.ts";
import { demandSettled, makeQueue, openLedger } from "./bench_grid.ts";
import { makeWorker } from "./make_worker.ts";
import { ratePerSecond } from "./stopwatch.ts";

/** One worker in this process, and what it finds in the queue. */
export interface WorkerRun {
  /** Where the repository and the local copies are made. */
  folder: string;
  tasks: Task[];
  executor: Executor;
  parallel: number;
}

const NODE = "worker";

/**
 * Lets a worker do a queue of tasks, until all of them are settled.
 *
 * @returns how many it did in a second
 * @throws {Error} when one of them did not succeed and is not settled in the end
 */
export async function runWorker(run: WorkerRun): Promise<number> {
  const { folder, tasks, executor, parallel } = run;
  const url = await makeQueue(folder, tasks);
  await using open = await openLedger({ url, home: join(folder, NODE), name: NODE });
  await open.ledger.refresh();
  const outbox = join(folder, "outbox");
  const options = { executor, nodeId: NODE, outbox, parallel, exitWhenIdle: true };
  const worker = makeWorker(open.ledger, options);
  const work = () => worker.run(new AbortController().signal);
  const rate = await ratePerSecond(tasks.length, work);
  await demandSettled(url, tasks.length);
  return rate;
}
