import { join } from "@std/path";
import { RUN_FLAGS } from "../lib/run_flags.ts";
import { REPOSITORY } from "../tests/support/module_graph.ts";
import type { Benchmark, Figures, Round } from "./benchmark.ts";
import { makeQueue, makeTasks } from "./bench_grid.ts";
import { bundledCommand, command, denoCommand, makeBundle, shell } from "./processes.ts";
import { millisecondsOf } from "./stopwatch.ts";

const BUNDLE = "--version by the bundle, ms";
const SOURCE = "--version by the source, ms";
const CPU = "--version by the bundle, CPU ms";
const CLAIM = "worker to first claim, ms";
/** How often the repository is looked at for the claim. */
const LOOK_MS = 2;
/** No worker takes so long to claim. */
const PATIENCE_MS = 60_000;

/** How long the program takes to begin. */
export const startup: Benchmark = {
  name: "startup",
  measures: "dgrid --version; and a worker's start until its first claim is on the server",
  against: "an empty program in the same Deno",
  targets: [
    { figure: BUNDLE, of: "machine", bound: { most: 150 } },
    // On a busy machine the time says little, and the work as much as ever.
    { figure: CPU, of: "ratio", shortBound: { most: 10 } },
    { figure: CLAIM, of: "machine", bound: { most: 1_000 } },
  ],
  rounds: { full: 10, short: 3 },
  async prepare({ folder }) {
    await makeBundle();
    const empty = join(folder, "empty.js");
    await Deno.writeTextFile(empty, "");
    const bare = [Deno.execPath(), "run", "--quiet", "--no-config", "--no-prompt", empty];
    return {
      own,
      reference: async (): Promise<Figures> => ({
        [BUNDLE]: await millisecondsOf(() => command(bare)),
        [CPU]: await cpuMillisecondsOf(bare),
      }),
    };
  },
};

async function own({ folder }: Round): Promise<Figures> {
  const source = denoCommand(RUN_FLAGS, join(REPOSITORY, "main.ts"), ["--version"]);
  const bundle = bundledCommand(RUN_FLAGS, ["--version"]);
  return {
    [BUNDLE]: await millisecondsOf(() => command(bundle)),
    [SOURCE]: await millisecondsOf(() => command(source)),
    [CPU]: await cpuMillisecondsOf(bundle),
    [CLAIM]: await firstClaim(folder),
  };
}

/** From the start of a worker until a shard is there; before the first claim there is none. */
async function firstClaim(folder: string): Promise<number> {
  const url = await makeQueue(folder, makeTasks(1, { module: "export default () => 1;" }));
  const env = { DGRID_REPO_URL: url, DGRID_HOME: join(folder, "home") };
  const args = ["worker", "--executor=sandbox", "--exit-when-idle", "--poll-interval=1"];
  const [program, ...rest] = bundledCommand(RUN_FLAGS, args);
  const streams = { stdin: "null", stdout: "null", stderr: "null" } as const;
  const began = performance.now();
  const child = new Deno.Command(program, { args: rest, env, ...streams }).spawn();
  try {
    return await untilFolder(join(url, "refs/dgrid/live")) - began;
  } finally {
    child.kill("SIGTERM");
    await child.status;
  }
}

/** When a folder was first seen to have something in it, by the clock of `performance`. */
async function untilFolder(folder: string): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
    // A ref that is being written has a lock beside it.
    if (entries.some(({ name }) => !name.endsWith(".lock"))) return performance.now();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`waiting for the first claim: there is none after ${PATIENCE_MS} ms`);
}

/** The kernel counts in steps of 10 ms, so that many runs are counted together. */
const CPU_RUNS = 5;

/** How long a program keeps a processor busy from its start to its end. */
async function cpuMillisecondsOf(words: string[]): Promise<number> {
  const script = `for run in $(seq ${CPU_RUNS}); do "$@" >/dev/null; done; times`;
  // The second line is about those that the shell has started, such as `0m0.300000s 0m0.090000s`.
  const [, theirs] = (await shell(script, words)).split("\n");
  const seconds = [...theirs.matchAll(/(\d+)m([\d.]+)s/g)]
    .reduce((sum, [, minutes, rest]) => sum + 60 * Number(minutes) + Number(rest), 0);
  return (1000 * seconds) / CPU_RUNS;
}
