import { commitToBranch } from "../lib/ledger/branch.ts";
import { submitTasks } from "../lib/ledger/submit.ts";
import { RESULT_FOLDERS } from "../lib/protocol/layout.ts";
import { encodeRecord } from "../lib/protocol/record.ts";
import { SETTINGS_PATH } from "../lib/protocol/settings.ts";
import type { Benchmark, Figures, Round, Statistic, Target } from "./benchmark.ts";
import { makeTasks } from "./bench_grid.ts";
import { BusyWorld, mostInAMinute } from "./busy_world.ts";
import { makeWorker, POLL_MS } from "./make_worker.ts";
import { NoopExecutor } from "./noop_executor.ts";

/** How many workers start at once, and how many tasks there are for them. */
interface Size {
  workers: number;
  tasks: number;
}

const FULL: Size = { workers: 20, tasks: 20_000 };
/** With fewer tasks for twenty, all time would be that of their arrival. */
const SHORT: Size = { workers: 8, tasks: 3_000 };
const PARALLEL = 8;
/** What GitHub asks for. */
const BUDGET = 6;
const SETTINGS = { version: 1, push_budget: BUDGET, lease_seconds: 900 };
const MINUTE_MS = 60_000;
/** How often it is seen how far the grid is. */
const LOOK_MS = 1_000;
/** A grid that takes longer has come to a stand. */
const PATIENCE_MS = 60 * MINUTE_MS;

const PUSHES = "pushes in any minute";
const TRIES = "with those that lost the turn";
const RATE = "tasks settled a minute";

/** How much a grid gets done where pushes are few. */
export const busyGithub: Benchmark = {
  name: "busy_github",
  measures:
    `no-op tasks, 20 workers (8 in the short form) that start at once, ${BUDGET} pushes a ` +
    "minute, simulated clock and store",
  targets: [
    { ...counted(PUSHES, "most"), bound: { most: BUDGET }, shortBound: { most: BUDGET } },
    // Mostly Git itself sees that the turn has moved, and sends nothing; but each try asks for the refs.
    { ...counted(TRIES, "most"), bound: { most: 30 }, shortBound: { most: 20 } },
    { ...counted(RATE, "median"), bound: { least: 1_000 }, shortBound: { least: 500 } },
  ],
  rounds: { full: 5, short: 3 },
  prepare: ({ short }) =>
    Promise.resolve({ own: ({ number }: Round) => own(number, short ? SHORT : FULL) }),
};

/** The machine has no part in it, but chance has: each round has its own. */
function counted(figure: string, statistic: Statistic): Omit<Target, "bound"> {
  return { figure, of: "count", statistic };
}

async function own(seed: number, { workers, tasks: count }: Size): Promise<Figures> {
  const world = new BusyWorld(seed);
  await untilDone(world, found(world, count));
  const beganMs = world.now;
  const failed = new Promise<never>((_, reject) => {
    for (let number = 0; number < workers; number++) work(world, `w${number}`).catch(reject);
  });
  await Promise.race([untilSettled(world, count), failed]);
  const since = (momentsMs: number[]) => momentsMs.filter((momentMs) => momentMs > beganMs);
  return {
    [PUSHES]: mostInAMinute(since(world.movesAt)),
    [TRIES]: mostInAMinute(since(world.pushesAt)),
    [RATE]: count / ((world.now - beganMs) / MINUTE_MS),
  };
}

/** Sets the grid up, with so many tasks in its queue. */
async function found(world: BusyWorld, count: number): Promise<void> {
  const { ledger } = world.open("founder");
  const settings = { path: SETTINGS_PATH, bytes: encodeRecord(SETTINGS) };
  await commitToBranch(ledger, "begin", () => Promise.resolve([settings]));
  await submitTasks(ledger, makeTasks(count));
}

async function work(world: BusyWorld, nodeId: string): Promise<void> {
  const { ledger, clock } = world.open(nodeId);
  const { random } = world;
  const pace = { clock, random, pollMs: POLL_MS.elsewhere, exitWhenIdle: false };
  const options = { nodeId, executor: new NoopExecutor(), parallel: PARALLEL, ...pace };
  await makeWorker(ledger, options).run(new AbortController().signal);
}

async function untilDone(world: BusyWorld, work: Promise<unknown>): Promise<void> {
  let isDone = false;
  const working = work.finally(() => isDone = true);
  await Promise.all([working, world.scheduler.run(() => isDone, PATIENCE_MS)]);
}

/** Lets time go on until all tasks have a result on the branch. */
async function untilSettled(world: BusyWorld, count: number): Promise<void> {
  for (let untilMs = world.now; settledIn(world) < count; untilMs += LOOK_MS) {
    if (untilMs > PATIENCE_MS) throw new Error(`only ${settledIn(world)} of ${count} are settled`);
    await world.scheduler.run(() => false, untilMs);
  }
}

function settledIn({ server, names }: BusyWorld): number {
  const { files } = server.commits.get(server.refs.get(names.branch)!)!;
  const isResult = (path: string) => RESULT_FOLDERS.some((folder) => path.startsWith(folder));
  return [...files.keys()].filter(isResult).length;
}
