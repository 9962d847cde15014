import { join } from "@std/path";
import type { Ledger } from "../lib/ledger/ledger.ts";
import { settleAll } from "../lib/ledger/settle.ts";
import { submitTasks } from "../lib/ledger/submit.ts";
import type { Task } from "../lib/protocol/task.ts";
import type { Benchmark, Figures, Round } from "./benchmark.ts";
import { makeGrid, makeTasks, openLedger } from "./bench_grid.ts";
import { shell } from "./processes.ts";
import { claimOf, NODE, reportOf, sayAll } from "./sayings.ts";
import { writePast } from "./settled_ledger.ts";
import { millisecondsOf } from "./stopwatch.ts";

const ALL = "one task, all in all, ms";

/**
 * Whether what a task costs grows with the queue and with the past. What we do ourselves does not; Git
 * walks over the trees of the branch at each push, here and on the server.
 */
export const growth: Benchmark = {
  name: "growth",
  measures:
    "what one task costs with 10,000 others in the queue and 100,000 settled results, on disk",
  against: "the same in an empty grid",
  targets: [{ figure: ALL, of: "ratio", bound: { most: 3 }, shortBound: { most: 2 } }],
  rounds: { full: 5, short: 2 },
  async prepare({ short, folder }) {
    const [large, empty] = [join(folder, "large"), join(folder, "empty")];
    for (const path of [large, empty]) await Deno.mkdir(path);
    const tasks = makeTasks(short ? 1_000 : 10_000, {}, "waiting");
    await writePast(await makeGrid(large), { commits: short ? 10 : 1_000, resultsPerCommit: 100 });
    await makeGrid(empty);
    await using user = await openAt(large, "user");
    await submitTasks(user.ledger, tasks);
    return {
      own: (round: Round) => runSome(large, round),
      reference: (round: Round) => runSome(empty, round),
    };
  },
};

/** How many tasks are measured, one after another. */
const SOME = 5;

async function openAt(folder: string, name: string) {
  const url = join(folder, "server.git");
  const open = await openLedger({ url, home: join(folder, name), name });
  await open.ledger.refresh();
  return open;
}

/** Lets a node that has seen the grid before do some tasks, in a copy of it. */
async function runSome(grid: string, { folder }: Round): Promise<Figures> {
  await shell('cp -R "$1/server.git" "$2"', [grid, folder]);
  await using user = await openAt(folder, "user");
  await using node = await openAt(folder, NODE);
  const figures: Record<string, number[]> = {};
  for (const task of makeTasks(SOME, {}, "measured")) {
    await submitTasks(user.ledger, [task]);
    const steps = stepsOf(node.ledger, task);
    let sum = 0;
    for (const [name, step] of Object.entries(steps)) {
      const ms = await millisecondsOf(step);
      (figures[`${name}, ms`] ??= []).push(ms);
      sum += ms;
    }
    (figures[ALL] ??= []).push(sum);
  }
  return figures;
}

/** What a node does with a task, step by step. */
function stepsOf(ledger: Ledger, task: Task): Record<string, () => Promise<unknown>> {
  const at = new Date().toISOString();
  return {
    "the look that finds it": () => ledger.refresh(),
    "its claim": () => sayAll(ledger, [claimOf(ledger, task, at)]),
    "its report": () => sayAll(ledger, [reportOf(task, at)]),
    "its settling": () => settleAll(ledger),
  };
}
