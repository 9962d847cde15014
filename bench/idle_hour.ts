import { join } from "@std/path";
import type { Worker } from "../lib/worker/worker.ts";
import { plainGit } from "../tests/support/git_server.ts";
import { missingForHttp } from "../tests/support/servers/smart_http.ts";
import type { Benchmark, Figures, Round } from "./benchmark.ts";
import { demandSettled, makeQueue, makeTasks, openLedger } from "./bench_grid.ts";
import { HttpMeter, type Traffic } from "./http_meter.ts";
import { makeWorker, POLL_MS } from "./make_worker.ts";
import { NoopExecutor } from "./noop_executor.ts";
import { SteppedTime } from "./stepped_time.ts";

const HOUR_MS = 3_600_000;
/** By then the worker has done what there was to do, and looks as rarely as it ever does. */
const WARM_MS = 900_000;
/** So many tasks are done before, so that all shards are there to be looked at. */
const TASKS = 100;
const PULL_MS = 5_000;
/** So many are measured, and multiplied: each costs the same. */
const PULLS = 10;

const NODE = "worker";
const REQUESTS = "requests";
const FETCHES = "fetches";
const PUSHES = "pushes";
const KILOBYTES = "KB both ways";

/** What a worker costs a Git host that has nothing for it to do. */
export const idleHour: Benchmark = {
  name: "idle_hour",
  measures: "an hour of one worker that has long been idle, simulated clock, by smart HTTP",
  against: `git pull every 5 s (${PULLS} measured, multiplied)`,
  targets: [
    count(REQUESTS, 75),
    count(FETCHES, 0),
    count(PUSHES, 12),
    count(KILOBYTES, 300),
  ],
  rounds: { full: 5, short: 1 },
  missing: missingForHttp,
  prepare: () => Promise.resolve({ own, reference }),
};

/** Nothing here depends on how fast a machine is, so both forms have the same bound. */
function count(figure: string, most: number): Benchmark["targets"][number] {
  return { figure, of: "count", statistic: "most", bound: { most }, shortBound: { most } };
}

async function own({ folder }: Round): Promise<Figures> {
  const repository = await makeQueue(folder, makeTasks(TASKS));
  await using meter = await HttpMeter.serve(repository, folder);
  const time = new SteppedTime();
  const { clock } = time;
  const place = { url: meter.url, home: join(folder, "home"), name: NODE };
  await using open = await openLedger({ ...place, clock, over: (store) => time.over(store) });
  await open.ledger.refresh();
  const pace = { clock, pollMs: POLL_MS.elsewhere, exitWhenIdle: false };
  const options = { nodeId: NODE, executor: new NoopExecutor(), parallel: 4, ...pace };
  const traffic = await whileWorking(makeWorker(open.ledger, options), time, async (goOn) => {
    await goOn(WARM_MS);
    await demandSettled(repository, TASKS);
    return await meter.during(() => goOn(HOUR_MS));
  });
  const { fetches, pushes } = traffic;
  return { ...figuresOf(traffic), [FETCHES]: fetches, [PUSHES]: pushes };
}

/**
 * Starts a worker, and ends it when something is done.
 *
 * @param use is given what lets the worker's time go on
 * @throws {Error} when the worker ends before it is told to
 */
async function whileWorking<T>(
  worker: Worker,
  time: SteppedTime,
  use: (goOn: (forMs: number) => Promise<void>) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  let isOver = false;
  const working = worker.run(stop.signal).finally(() => isOver = true);
  // Its error is thrown below, when it is waited for.
  working.catch(() => {});
  const used = await use(async (forMs) => {
    await time.goOn(forMs, () => isOver);
    if (isOver) throw await working.catch((error) => error) ?? new Error("working: it has ended");
  });
  stop.abort();
  await time.goOn(HOUR_MS, () => isOver);
  await working;
  return used;
}

async function reference({ folder }: Round): Promise<Figures> {
  const repository = await makeQueue(folder, makeTasks(TASKS));
  await using meter = await HttpMeter.serve(repository, folder);
  const clone = join(folder, "clone");
  await plainGit(folder, "clone", "--quiet", "--depth=1", meter.url, clone);
  const traffic = await meter.during(async () => {
    for (let done = 0; done < PULLS; done++) await plainGit(clone, "pull", "--quiet");
  });
  return figuresOf(traffic, HOUR_MS / PULL_MS / PULLS);
}

function figuresOf({ requests, bytes }: Traffic, times = 1): Figures {
  return { [REQUESTS]: times * requests, [KILOBYTES]: times * bytes / 1_000 };
}
