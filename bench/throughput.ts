import { join } from "@std/path";
import type { Benchmark, Figures, Round } from "./benchmark.ts";
import { demandSettled, makeQueue, makeTasks, openLedger } from "./bench_grid.ts";
import { makeWorker } from "./make_worker.ts";
import { NoopExecutor } from "./noop_executor.ts";
import { makeSingleBranch, SingleBranch } from "./single_branch.ts";
import { ratePerSecond } from "./stopwatch.ts";

const FIGURE = "tasks/s";
const PARALLEL = 8;

/** How fast one worker gets through a queue of tasks that take no time, to the last settled result. */
export const throughput: Benchmark = {
  name: "throughput",
  measures: "no-op tasks, one worker with 8 slots, bare repository on disk, until all are settled",
  against: "the single branch, one worker",
  targets: [
    { figure: FIGURE, of: "ratio", bound: { least: 100 }, shortBound: { least: 10 } },
    { figure: FIGURE, of: "machine", bound: { least: 1_500 } },
  ],
  prepare({ short }) {
    return Promise.resolve({
      own: (round: Round) => own(round, short ? 200 : 10_000),
      reference: (round: Round) => reference(round, short ? 10 : 100),
    });
  },
};

async function own({ folder }: Round, count: number): Promise<Figures> {
  const url = await makeQueue(folder, makeTasks(count));
  await using open = await openLedger({ url, home: join(folder, "worker"), name: "worker" });
  await open.ledger.refresh();
  const executor = new NoopExecutor();
  const outbox = join(folder, "outbox");
  const options = { executor, nodeId: "worker", outbox, parallel: PARALLEL, exitWhenIdle: true };
  const worker = makeWorker(open.ledger, options);
  const rate = await ratePerSecond(count, () => worker.run(new AbortController().signal));
  await demandSettled(url, count);
  return { [FIGURE]: rate };
}

async function reference({ folder }: Round, count: number): Promise<Figures> {
  const url = await makeSingleBranch(folder, count);
  const branch = await SingleBranch.clone(`file://${url}`, join(folder, "clones"), "worker");
  return { [FIGURE]: await ratePerSecond(count, () => branch.work()) };
}
