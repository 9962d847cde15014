import { join } from "@std/path";
import { containerArgs } from "../lib/executor/container_args.ts";
import { DockerExecutor } from "../lib/executor/docker.ts";
import type { Task } from "../lib/protocol/task.ts";
import { importTestImage, TEST_IMAGE } from "../tests/support/container_engine.ts";
import type { Benchmark, Figures, Round } from "./benchmark.ts";
import { makeTasks } from "./bench_grid.ts";
import { shell } from "./processes.ts";
import { RATE, runWorker } from "./run_worker.ts";
import { ratePerSecond } from "./stopwatch.ts";

const PARALLEL = 4;

/** What the grid costs beside the container of a task. */
export const docker: Benchmark = {
  name: "docker",
  measures: "busybox tasks, one worker with 4 slots, until all are settled",
  against: "the same docker run by xargs -P4",
  targets: [{ figure: RATE, of: "ratio", bound: { least: 0.9 }, shortBound: { least: 0.4 } }],
  rounds: { full: 5, short: 2 },
  missing: importTestImage,
  prepare({ short }) {
    const tasks = makeTasks(short ? 16 : 60, { image: TEST_IMAGE });
    return Promise.resolve({
      own: (round: Round) => own(round, tasks),
      reference: (round: Round) => reference(round, tasks),
    });
  },
};

async function own({ folder }: Round, tasks: Task[]): Promise<Figures> {
  const workDir = join(folder, "work");
  await using executor = new DockerExecutor({ env: Deno.env.toObject(), workDir });
  return await runWorker({ folder, tasks, executor, parallel: PARALLEL });
}

/** A line of arguments for each task; none of them has a space or a quote in it. */
async function reference({ folder }: Round, tasks: Task[]): Promise<Figures> {
  const file = join(folder, "containers");
  await Deno.writeTextFile(file, tasks.map((task) => `${argsOf(task).join(" ")}\n`).join(""));
  const script = `xargs -P${PARALLEL} -L1 docker <"$1" >/dev/null`;
  return { [RATE]: await ratePerSecond(tasks.length, () => shell(script, [file])) };
}

function argsOf({ task_id, script, resources }: Task): string[] {
  return containerArgs({
    name: `bench-${crypto.randomUUID()}`,
    node_id: "bench",
    task_id,
    attempt: 1,
    image: TEST_IMAGE,
    script: script!,
    resources,
    maxCpus: navigator.hardwareConcurrency,
    volumes: [],
  });
}
