import { join } from "@std/path";
import { serveByHttp } from "../tests/support/servers/smart_http.ts";
import { missingForHttp } from "../tests/support/servers/smart_http.ts";
import type { Benchmark, Figures, Round } from "./benchmark.ts";
import { demandSettled, makeQueue, makeTasks } from "./bench_grid.ts";
import type { WorkerReport } from "./noop_worker.ts";
import { makeSingleBranch, SingleBranch } from "./single_branch.ts";
import { ratePerSecond } from "./stopwatch.ts";
import { WorkerProcess } from "./worker_process.ts";

const PARALLEL = 8;

/** How many want the same tasks, and how many tasks there are for each side. */
interface Size {
  workers: number;
  ours: number;
  theirs: number;
}

const FULL: Size = { workers: 8, ours: 2_000, theirs: 80 };
/** Of the single branch with eight workers, a few tasks take as long as all else in the short form. */
const SHORT: Size = { workers: 4, ours: 240, theirs: 4 };

/** How workers get on that want the same tasks at the same time. */
export const contention: Benchmark = {
  name: "contention",
  measures:
    "no-op tasks, 8 workers (4 in the short form) as processes of their own, until all are settled",
  against: "the single branch, as many workers",
  targets: ["on disk", "smart HTTP"].flatMap((place): Benchmark["targets"] => [
    {
      figure: `${place}, tasks/s`,
      of: "ratio",
      bound: { least: 50 },
      shortBound: { least: 15 },
    },
    {
      figure: `${place}, lost swaps, %`,
      of: "count",
      bound: { most: 15 },
      // With fewer tasks each, more of the swaps are those of the end, when all want the same.
      shortBound: { most: 50 },
    },
    ...["lost", "twice"].map((what) => ({
      figure: `${place}, tasks ${what}`,
      of: "count" as const,
      statistic: "most" as const,
      bound: { most: 0 },
      shortBound: { most: 0 },
    })),
  ]),
  rounds: { full: 5, short: 2 },
  missing: missingForHttp,
  prepare({ short }) {
    const size = short ? SHORT : FULL;
    return Promise.resolve({
      own: (round: Round) => inBothPlaces(round, (at) => own(at, size)),
      reference: (round: Round) => inBothPlaces(round, (at) => reference(at, size)),
    });
  },
};

/** Where something is measured. */
interface Place {
  folder: string;
  /** Makes a repository's address from its path. */
  serve(repository: string): Promise<string>;
}

async function inBothPlaces(
  { folder }: Round,
  measure: (place: Place) => Promise<Record<string, number>>,
): Promise<Figures> {
  await using stack = new AsyncDisposableStack();
  const places: Record<string, Place> = {
    "on disk": {
      folder: join(folder, "disk"),
      serve: (repository) => Promise.resolve(`file://${repository}`),
    },
    "smart HTTP": {
      folder: join(folder, "http"),
      serve: async (repository) =>
        stack.use(await serveByHttp({ repository, folder: join(folder, "http") })).url,
    },
  };
  const figures: Figures = {};
  for (const [name, place] of Object.entries(places)) {
    await Deno.mkdir(place.folder);
    const found = Object.entries(await measure(place));
    for (const [figure, value] of found) figures[`${name}, ${figure}`] = value;
  }
  return figures;
}

async function own(
  { folder, serve }: Place,
  { workers: many, ours: count }: Size,
): Promise<Record<string, number>> {
  const repository = await makeQueue(folder, makeTasks(count));
  const url = await serve(repository);
  await using stack = new AsyncDisposableStack();
  const names = Array.from({ length: many }, (_, index) => `worker-${index}`);
  const workers = await Promise.all(names.map(async (nodeId) => {
    const order = { url, home: join(folder, nodeId), nodeId, parallel: PARALLEL };
    return stack.use(await WorkerProcess.start(order));
  }));
  let reports: WorkerReport[] = [];
  const rate = await ratePerSecond(count, async () => {
    reports = await Promise.all(workers.map((worker) => worker.work()));
  });
  await demandSettled(repository, count);
  return { "tasks/s": rate, ...faultsOf(reports, count), ...averaged(reports) };
}

/** How many tasks nobody ran, how many more than once, and how many swaps were in vain. */
function faultsOf(reports: WorkerReport[], count: number): Record<string, number> {
  const ran = reports.flatMap(({ ran }) => ran);
  const sum = (of: (report: WorkerReport) => number) =>
    reports.reduce((total, report) => total + of(report), 0);
  const distinct = new Set(ran).size;
  const lostSwaps = 100 * sum(({ lost }) => lost) / sum(({ swaps }) => swaps);
  return {
    "lost swaps, %": lostSwaps,
    "tasks lost": count - distinct,
    "tasks twice": ran.length - distinct,
  };
}

/** Where the time of all workers went. */
function averaged(reports: WorkerReport[]): Record<string, number> {
  const average = (part: string) =>
    reports.reduce((sum, { parts }) => sum + parts[part], 0) / reports.length;
  return Object.fromEntries(Object.keys(reports[0].parts).map((part) => [part, average(part)]));
}

async function reference(
  { folder, serve }: Place,
  { workers: many, theirs: count }: Size,
): Promise<Record<string, number>> {
  const url = await serve(await makeSingleBranch(folder, count));
  const workers = await Promise.all(
    Array.from(
      { length: many },
      (_, index) => SingleBranch.clone(url, join(folder, "clones"), `worker-${index}`),
    ),
  );
  const work = () => Promise.all(workers.map((worker) => worker.work()));
  return { "tasks/s": await ratePerSecond(count, work) };
}
