import { join } from "@std/path";
import type { Benchmark, Figures, Round } from "./benchmark.ts";
import { demandSettled, makeQueue, makeTasks } from "./bench_grid.ts";
import { WorkerProcess } from "./worker_process.ts";

const GROWTH = "growth after the first 1,000 tasks, %";
const MIB = 2 ** 20;

/** Whether a worker that works for long holds ever more memory. */
export const memory: Benchmark = {
  name: "memory",
  measures: "no-op tasks through one worker process: the most resident memory of its way",
  targets: [{ figure: GROWTH, of: "count", bound: { most: 10 }, shortBound: { most: 20 } }],
  rounds: { full: 5, short: 1 },
  prepare({ short }) {
    // With a shorter queue, the heap has not grown to its size when the first 1,000 are done.
    return Promise.resolve({ own: (round: Round) => own(round, short ? 12_000 : 20_000) });
  },
};

async function own({ folder }: Round, count: number): Promise<Figures> {
  const url = await makeQueue(folder, makeTasks(count));
  const order = { url, home: join(folder, "home"), nodeId: "worker", parallel: 8 };
  await using worker = await WorkerProcess.start(order);
  const { warmRss = NaN, mostRss, rss } = await worker.work();
  await demandSettled(url, count);
  return {
    "after the first 1,000 tasks, MB": warmRss / MIB,
    "the most after that, MB": mostRss / MIB,
    "at the end, MB": rss / MIB,
    [GROWTH]: 100 * (mostRss / warmRss - 1),
  };
}
