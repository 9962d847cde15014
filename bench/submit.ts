import { join } from "@std/path";
import { RUN_FLAGS } from "../lib/run_flags.ts";
import type { Benchmark, Figures, Round } from "./benchmark.ts";
import { makeGrid, makeTasks, remainsOf } from "./bench_grid.ts";
import { bundledCommand, makeBundle, runMeasured } from "./processes.ts";
import { makeSingleBranch, SingleBranch } from "./single_branch.ts";
import { ratePerSecond } from "./stopwatch.ts";

const RATE = "tasks/s";
const MEMORY = "peak memory, MB";

/** How fast a file of tasks gets into the queue, by the program as people run it. */
export const submit: Benchmark = {
  name: "submit",
  measures: "dgrid submit FILE, the whole process, on disk",
  against: "the single branch, a commit and a push for each task",
  targets: [
    { figure: RATE, of: "ratio", shortBound: { least: 75 } },
    { figure: RATE, of: "machine", bound: { least: 5_000 } },
    { figure: MEMORY, of: "machine", bound: { most: 300 } },
  ],
  rounds: { full: 5, short: 2 },
  async prepare({ short }) {
    await makeBundle();
    return {
      own: (round: Round) => own(round, short ? 1_000 : 10_000),
      reference: (round: Round) => reference(round, short ? 12 : 200),
    };
  },
};

async function own({ folder }: Round, count: number): Promise<Figures> {
  const url = await makeGrid(folder);
  const file = join(folder, "tasks.jsonl");
  const lines = makeTasks(count).map((task) => JSON.stringify(task));
  await Deno.writeTextFile(file, lines.join("\n") + "\n");
  const words = bundledCommand(RUN_FLAGS, ["submit", file]);
  const env = { DGRID_REPO_URL: url, DGRID_HOME: join(folder, "home") };
  const { seconds, peakMb } = await runMeasured(words, env);
  const { queued } = await remainsOf(url);
  if (queued !== count) throw new Error(`submitting ${count} tasks: ${queued} are queued`);
  return { [RATE]: count / seconds, [MEMORY]: peakMb };
}

async function reference({ folder }: Round, count: number): Promise<Figures> {
  const url = `file://${await makeSingleBranch(folder, 0)}`;
  const user = await SingleBranch.clone(url, join(folder, "clones"), "user");
  const submitAll = async () => {
    for (let index = 0; index < count; index++) await user.submit(index);
  };
  return { [RATE]: await ratePerSecond(count, submitAll) };
}
