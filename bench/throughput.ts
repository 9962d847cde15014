import { join } from "@std/path";
import type { Benchmark, Figures, Round } from "./benchmark.ts";
import { makeTasks } from "./bench_grid.ts";
import { NoopExecutor } from "./noop_executor.ts";
import { RATE, runWorker } from "./run_worker.ts";
import { makeSingleBranch, SingleBranch } from "./single_branch.ts";
import { ratePerSecond } from "./stopwatch.ts";

const PARALLEL = 8;

/** How fast one worker gets through a queue of tasks that take no time, to the last settled result. */
export const throughput: Benchmark = {
  name: "throughput",
  measures: "no-op tasks, one worker with 8 slots, bare repository on disk, until all are settled",
  against: "the single branch, one worker",
  targets: [
    { figure: RATE, of: "ratio", bound: { least: 100 }, shortBound: { least: 22 } },
    { figure: RATE, of: "machine", bound: { least: 1_500 } },
  ],
  prepare({ short }) {
    return Promise.resolve({
      own: (round: Round) => own(round, short ? 200 : 10_000),
      reference: (round: Round) => reference(round, short ? 8 : 100),
    });
  },
};

async function own({ folder }: Round, count: number): Promise<Figures> {
  const run = { folder, tasks: makeTasks(count), executor: new NoopExecutor(), parallel: PARALLEL };
  return await runWorker(run);
}

async function reference({ folder }: Round, count: number): Promise<Figures> {
  const url = await makeSingleBranch(folder, count);
  const branch = await SingleBranch.clone(`file://${url}`, join(folder, "clones"), "worker");
  return { [RATE]: await ratePerSecond(count, () => branch.work()) };
}
