import { join } from "@std/path";
import { missingForHttp } from "../tests/support/servers/smart_http.ts";
import type { Benchmark, Figures, Round } from "./benchmark.ts";
import { makeGrid, openLedger } from "./bench_grid.ts";
import { HttpMeter } from "./http_meter.ts";
import { command } from "./processes.ts";
import { writePast } from "./settled_ledger.ts";
import { millisecondsOf } from "./stopwatch.ts";

const TIME = "ms";
const BYTES = "bytes both ways";

/** What a new worker has to bring here of a grid with a long past. */
export const firstSync: Benchmark = {
  name: "first_sync",
  measures:
    "the first look at a ledger with a long past (50,000 results in 5,000 commits; in the short form 3,000 in 300), by smart HTTP",
  against: "git clone",
  targets: [
    // With a short past, either is mostly the start of Git and what the disk takes; the bytes tell more.
    { figure: TIME, of: "ratio", bound: { most: 0.15 }, shortBound: { most: 0.8 } },
    { figure: BYTES, of: "ratio", bound: { most: 0.1 }, shortBound: { most: 0.17 } },
  ],
  rounds: { full: 5, short: 2 },
  missing: missingForHttp,
  async prepare({ short, folder, stack }) {
    const repository = await makeGrid(folder);
    await writePast(repository, { commits: short ? 300 : 5_000, resultsPerCommit: 10 });
    const meter = stack.use(await HttpMeter.serve(repository, folder));
    const counted = (work: (folder: string) => Promise<unknown>) => async ({ folder }: Round) =>
      await measureBoth(meter, () => work(folder));
    return {
      own: counted((folder) => lookAt(meter.url, folder)),
      reference: counted((folder) => command(["git", "clone", "-q", meter.url, `${folder}/clone`])),
    };
  },
};

async function lookAt(url: string, folder: string): Promise<void> {
  await using open = await openLedger({ url, home: join(folder, "home"), name: "worker" });
  await open.ledger.refresh();
}

async function measureBoth(meter: HttpMeter, work: () => Promise<unknown>): Promise<Figures> {
  let ms = NaN;
  const { bytes } = await meter.during(async () => ms = await millisecondsOf(work));
  return { [TIME]: ms, [BYTES]: bytes };
}
