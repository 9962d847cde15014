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

const WORKERS = 20;
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
    `no-op tasks, ${WORKERS} workers that start at once, ${SETTINGS.push_budget} pushes a ` +
    "minute, simulated clock and store",
  targets: [
    { ...counted(PUSHES, "most"), bound: { most: BUDGET }, shortBound: { most: BUDGET } },
    // Who loses the turn by less than a push takes on the line has pushed, too, in vain.
    { ...counted(TRIES, "most"), bound: { most: BUDGET }, shortBound: { most: 40 } },
    { ...counted(RATE, "least"), bound: { least: 1_000 }, shortBound: { least: 700 } },
  ],
  rounds: { full: 5, short: 1 },
  prepare: ({ short }) =>
    Promise.resolve({ own: ({ number }: Round) => own(number, short ? 6_000 : 20_000) }),
};

/** In the worst round: the machine has no part in it, but chance has. */
function counted(figure: string, statistic: Statistic): Omit<Target, "bound"> {
  return { figure, of: "count", statistic };
}

async function own(seed: number, count: number): Promise<Figures> {
  const world = new BusyWorld(seed);
  await untilDone(world, found(world, count));
  const beganMs = world.now;
  const failed = new Promise<never>((_, reject) => {
    for (let number = 0; number < WORKERS; number++) work(world, `w${number}`).catch(reject);
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
