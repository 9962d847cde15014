import { join } from "@std/path";
import { settleAll } from "../lib/ledger/settle.ts";
import { bareRepository, plainGit } from "../tests/support/git_server.ts";
import type { Benchmark, Figures, Round } from "./benchmark.ts";
import { demandSettled, makeQueue, makeTasks, openLedger } from "./bench_grid.ts";
import { command, shell } from "./processes.ts";
import { claimOf, NODE, reportOf, sayAll } from "./sayings.ts";
import { writeStream } from "./settled_ledger.ts";
import { ratePerSecond } from "./stopwatch.ts";

const FIGURE = "results/s";

/** How fast finished results get from the live edge to the branch. */
export const settle: Benchmark = {
  name: "settle",
  measures: "finished results on the live edge, until the branch has them, on disk",
  against: "one commit of as many results by git fast-import, and its push",
  targets: [
    { figure: FIGURE, of: "ratio", shortBound: { least: 0.35 } },
    { figure: FIGURE, of: "machine", bound: { least: 4_000 } },
  ],
  rounds: { full: 5, short: 2 },
  async prepare({ short, folder }) {
    const count = short ? 2_000 : 10_000;
    const finished = await makeFinished(folder, count);
    const results = join(folder, "results");
    await writeStream(results, { commits: 1, resultsPerCommit: count });
    return {
      own: (round: Round) => own(round, finished, count),
      reference: (round: Round) => reference(round, results, count),
    };
  },
};

async function own({ folder }: Round, finished: string, count: number): Promise<Figures> {
  const url = join(folder, "server.git");
  await command(["git", "clone", "--quiet", "--mirror", finished, url]);
  const places = ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"];
  for (const place of places) await command(["git", "-C", url, "config", place, "true"]);
  await using open = await openLedger({ url, home: join(folder, "home"), name: "settler" });
  await open.ledger.refresh();
  const rate = await ratePerSecond(count, () => settleAll(open.ledger));
  await demandSettled(url, count);
  return { [FIGURE]: rate };
}

/** The least that plain Git needs, which moves nothing away from anywhere. */
async function reference({ folder }: Round, results: string, count: number): Promise<Figures> {
  const server = await bareRepository(folder);
  const copy = join(folder, "copy.git");
  await plainGit(folder, "init", "--quiet", "--bare", copy);
  const script = 'git -C "$1" fast-import --quiet <"$2" && git -C "$1" push --quiet "$3" main';
  const work = () => shell(script, [copy, results, server]);
  return { [FIGURE]: await ratePerSecond(count, work) };
}

/** A grid where all tasks are finished and none is settled. */
async function makeFinished(folder: string, count: number): Promise<string> {
  const tasks = makeTasks(count);
  const url = await makeQueue(folder, tasks);
  await using open = await openLedger({ url, home: join(folder, NODE), name: NODE });
  await open.ledger.refresh();
  const at = new Date().toISOString();
  await sayAll(open.ledger, tasks.map((task) => claimOf(open.ledger, task, at)));
  await sayAll(open.ledger, tasks.map((task) => reportOf(task, at)));
  return url;
}
