/**
 * `deno task chaos`: a grid of real processes under faults, and what became of it. Needs Linux.
 *
 * @module
 */
import { runChaos } from "./chaos.ts";
import { ChaosGrid, SETTINGS } from "./grid.ts";
import { runHaltedOwner } from "./halted_owner.ts";
import { type ChaosCommand, parseOptions, type Scenario, USAGE } from "./options.ts";
import { runOutage } from "./outage.ts";
import type { ScenarioOptions, Told } from "./scenario.ts";

/** Setting up, settling and checking take no longer than this. */
const OVERTIME_MS = 90_000;
/** As shells have it after a SIGINT. */
const INTERRUPTED = 130;
/** What breaks first breaks more; all of it is in the file of `--json`. */
const MOST_TOLD = 30;

type Run = (grid: ChaosGrid, options: ScenarioOptions) => Promise<Told>;

const RUNS: Record<Scenario, { run: Run; settings: Record<string, unknown> }> = {
  chaos: { run: runChaos, settings: SETTINGS },
  stop60: { run: runHaltedOwner, settings: SETTINGS },
  // Nobody can give a sign of life meanwhile; with the default lease what runs may go on.
  outage: { run: runOutage, settings: { ...SETTINGS, lease_seconds: 300 } },
};

/** @returns the exit code */
async function main({ scenario, minutes, seed, json }: ChaosCommand): Promise<number> {
  const { run, settings } = RUNS[scenario];
  const grid = await ChaosGrid.start(settings);
  const { folder } = grid.playground;
  console.log(`${scenario}, seed ${seed}, ${minutes} minutes, in ${folder}`);
  const stop = stopOnSignals();
  const deadline = setTimeout(() => giveUp(grid), minutes * 60_000 + OVERTIME_MS);
  let code = 1;
  try {
    const told = await run(grid, { minutes, seed, stop, tell: (line) => console.log(line) });
    console.log(told.words);
    console.log(stop.aborted ? "interrupted" : verdict(told));
    if (json) await Deno.writeTextFile(json, JSON.stringify(told.record, null, 2) + "\n");
    code = stop.aborted ? INTERRUPTED : told.breaches.length === 0 ? 0 : 1;
  } finally {
    clearTimeout(deadline);
    await grid.end();
    if (code !== 1) await grid.playground[Symbol.asyncDispose]();
    else console.log(`the repository and all logs are kept in ${folder}`);
  }
  return code;
}

function verdict({ breaches }: Told): string {
  if (breaches.length === 0) return "nothing lost, nothing doubled";
  return [`${breaches.length} BREACHES`, ...breaches.slice(0, MOST_TOLD)].join("\n  ");
}

function stopOnSignals(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => stop.abort());
  }
  return stop.signal;
}

/** Whatever hangs: who waits for us gets an answer. */
async function giveUp(grid: ChaosGrid): Promise<never> {
  console.log(`giving up: it did not end in time; see ${grid.playground.folder}`);
  await Promise.race([grid.end(), new Promise((resolve) => setTimeout(resolve, 5_000))]);
  Deno.exit(1);
}

const options = parseOptions(Deno.args);
if ("problem" in options) {
  console.error(`${options.problem}\n${USAGE}`);
  Deno.exit(2);
}
Deno.exit(await main(options));
