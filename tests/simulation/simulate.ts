/**
 * Runs simulated grids by their seeds: `deno task simulate --seeds N [--seed S] [--jobs J]`, and those
 * whose rules were broken on purpose: `deno task simulate --broken [NAME]`.
 *
 * Prints how often what happened; where a promise was broken, the seed and the trace of its run, and
 * exits with 1.
 *
 * @module
 */
import { configureSync, type Sink } from "@logtape/logtape";
import { parseArgs } from "@std/cli/parse-args";
import { findBroken } from "./broken/find_broken.ts";
import { runJobs } from "./jobs.ts";
import { runSeed } from "./run_seed.ts";
import { missingFrom } from "./kinds.ts";

const USAGE = "use --seeds N [--seed S] [--jobs J], --seed S, or --broken [NAME]";
/** In fewer runs something rare may well not happen. */
const ENOUGH_SEEDS = 2_000;

async function simulate(args: string[]): Promise<boolean> {
  const options = parseArgs(args, {
    string: ["seeds", "seed", "jobs", "broken"],
    unknown: (name: string) => {
      throw new Error(`reading the options: found ${name}; ${USAGE}`);
    },
  });
  if (options.broken !== undefined) return await findBroken(options.broken);
  const first = count(options.seed ?? "1");
  if (options.seeds === undefined) return await replay(first);
  const jobs = count(options.jobs ?? String(navigator.hardwareConcurrency));
  return await runMany(first, count(options.seeds), jobs);
}

function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`reading the options: found ${text}; ${USAGE}`);
  return Number(text);
}

/** Runs one seed and tells everything. */
async function replay(seed: number): Promise<boolean> {
  const trace: string[] = [];
  traceLog(trace);
  const { violations } = await runSeed(seed, new Map(), trace);
  console.log(trace.join("\n"));
  console.log(violations.length === 0 ? `seed ${seed}: all promises kept` : told(seed, violations));
  return violations.length === 0;
}

/** What the program logs stands in the trace, too. */
function traceLog(trace: string[]): void {
  const sink: Sink = ({ message }) =>
    void trace.push(`${" ".repeat(22)}  log: ${message.join("")}`);
  configureSync({
    sinks: { trace: sink },
    loggers: [
      { category: "dgrid", lowestLevel: "info", sinks: ["trace"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["trace"] },
    ],
    reset: true,
  });
}

function told(seed: number, violations: string[]): string {
  return `seed ${seed}: broken:\n  ${violations.join("\n  ")}`;
}

async function runMany(first: number, seeds: number, jobs: number): Promise<boolean> {
  const began = performance.now();
  const { counts, violation } = await runJobs(first, seeds, jobs);
  if (violation !== undefined) return await replay(violation.seed);
  for (const [what, times] of [...counts].sort()) {
    console.log(`${String(times).padStart(9)}  ${what}`);
  }
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `${seeds} seeds in ${seconds.toFixed(1)} s, ${
      (seeds / seconds).toFixed(0)
    } seeds/s: all promises kept`,
  );
  const missing = seeds < ENOUGH_SEEDS ? [] : missingFrom(counts);
  for (const what of missing) console.error(`a hole in the simulation: never happened: ${what}`);
  return missing.length === 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await simulate(Deno.args) ? 0 : 1);
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(2);
  }
}
