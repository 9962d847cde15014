import { join } from "@std/path";
import { DockerExecutor } from "../lib/executor/docker.ts";
import { SandboxExecutor } from "../lib/executor/sandbox.ts";
import { importTestImage, TEST_IMAGE } from "../tests/support/container_engine.ts";
import type { Benchmark, Figures, Round } from "./benchmark.ts";
import { makeTasks } from "./bench_grid.ts";
import { RATE, runWorker } from "./run_worker.ts";

const PARALLEL = 4;

/**
 * The same sum, as a module and as a script. There is no image with a JavaScript engine to compare with
 * everywhere; in one, the container would take as long to start, and the engine a moment more.
 */
const MODULE = "export default () => 6 * 7;";
const SCRIPT = "echo $((6 * 7))";

/** What a module saves by doing without a container. */
export const sandbox: Benchmark = {
  name: "sandbox",
  measures: "module tasks in the sandbox, one worker with 4 slots, until all are settled",
  against:
    "the same sum by a shell script in docker, the same worker; JavaScript there would take longer",
  targets: [{ figure: RATE, of: "ratio", bound: { least: 10 }, shortBound: { least: 3 } }],
  rounds: { full: 5, short: 2 },
  missing: importTestImage,
  prepare({ short }) {
    const modules = makeTasks(short ? 60 : 500, { module: MODULE });
    const scripts = makeTasks(short ? 6 : 40, { script: SCRIPT, image: TEST_IMAGE });
    return Promise.resolve({
      own: async ({ folder }: Round): Promise<Figures> => {
        await using executor = new SandboxExecutor();
        const run = { folder, tasks: modules, executor, parallel: PARALLEL };
        return await runWorker(run);
      },
      reference: async ({ folder }: Round): Promise<Figures> => {
        const workDir = join(folder, "work");
        await using executor = new DockerExecutor({ env: Deno.env.toObject(), workDir });
        const run = { folder, tasks: scripts, executor, parallel: PARALLEL };
        return await runWorker(run);
      },
    });
  },
};
