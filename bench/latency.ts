import { join } from "@std/path";
import { submitTasks } from "../lib/ledger/submit.ts";
import type { GitCounters } from "../lib/git/git_counters.ts";
import type { Ledger } from "../lib/ledger/ledger.ts";
import type { Task } from "../lib/protocol/task.ts";
import type { Benchmark, Figures, Round } from "./benchmark.ts";
import { isVisible, makeGrid, makeTasks, openLedger } from "./bench_grid.ts";
import { makeWorker } from "./make_worker.ts";
import { NoopExecutor } from "./noop_executor.ts";
import { makeSingleBranch, SingleBranch, taskName } from "./single_branch.ts";
import { millisecondsOf } from "./stopwatch.ts";

const FIGURE = "submit to result, ms";
/** How often a reader looks. */
const LOOK_MS = 10;

/** How long a user waits for a task that takes no time. */
export const latency: Benchmark = {
  name: "latency",
  measures: "from submitting a no-op task to its result where a reader looks, on disk",
  against: "the single branch, one worker",
  targets: [
    { figure: FIGURE, of: "ratio", shortBound: { most: 0.7 } },
    { figure: FIGURE, of: "machine", bound: { most: 150 } },
    { figure: FIGURE, of: "machine", statistic: "p99", bound: { most: 500 } },
  ],
  prepare({ short }) {
    return Promise.resolve({
      own: (round: Round) => own(round, short ? 6 : 40),
      reference: (round: Round) => reference(round, short ? 2 : 10),
    });
  },
};

async function own({ folder }: Round, count: number): Promise<Figures> {
  const url = await makeGrid(folder);
  const home = (name: string) => ({ url, home: join(folder, name), name });
  await using node = await openLedger(home("worker"));
  await using user = await openLedger(home("user"));
  await Promise.all([node.ledger.refresh(), user.ledger.refresh()]);
  const stop = new AbortController();
  const options = { nodeId: "worker", outbox: join(folder, "outbox"), parallel: 8 };
  const executor = new NoopExecutor();
  const worker = makeWorker(node.ledger, { ...options, executor, exitWhenIdle: false });
  const working = worker.run(stop.signal);
  try {
    const asking = waitForEach(user.ledger, makeTasks(count + 1));
    const failing = working.then(() => Promise.reject(new Error("waiting: the worker has ended")));
    const waits = await Promise.race([asking, failing]);
    return { [FIGURE]: waits, ...costsOf(node.git) };
  } finally {
    stop.abort();
    await working;
  }
}

/** What each thing costs of which a task needs several: a push of the user, and two of the worker. */
function costsOf(git: GitCounters): Figures {
  const { operations } = git.snapshot();
  const each = (command: string) => operations[command].ms / operations[command].count;
  return { "one push, ms": each("push"), "one look, ms": each("ls-remote") };
}

/** Submits one task after another; the first one finds the worker about to begin, so it is not told. */
async function waitForEach(ledger: Ledger, tasks: Task[]): Promise<number[]> {
  const waits: number[] = [];
  for (const task of tasks) {
    waits.push(await millisecondsOf(() => submitAndWait(ledger, task)));
    // A user who comes at any time, not always just after the worker has looked.
    await pause(Math.random() * 300);
  }
  return waits.slice(1);
}

async function submitAndWait(ledger: Ledger, task: Task): Promise<void> {
  await submitTasks(ledger, [task]);
  while (!isVisible(ledger, task.task_id)) {
    await pause(LOOK_MS);
    await ledger.refresh();
  }
}

async function reference({ folder }: Round, count: number): Promise<Figures> {
  const url = `file://${await makeSingleBranch(folder, 0)}`;
  const clone = (name: string) => SingleBranch.clone(url, join(folder, "clones"), name);
  const [node, user] = [await clone("worker"), await clone("user")];
  const stop = new AbortController();
  const working = keepWorking(node, stop.signal);
  try {
    const waits: number[] = [];
    for (let index = 0; index < count; index++) {
      waits.push(
        await millisecondsOf(async () => {
          await user.submit(index);
          while (!(await user.completed()).includes(taskName(index))) await pause(LOOK_MS);
        }),
      );
      await pause(Math.random() * 300);
    }
    return { [FIGURE]: waits };
  } finally {
    stop.abort();
    await working;
  }
}

/** The first design's shortest pause between two looks is not known; this is ours. */
const POLL_MS = 200;

async function keepWorking(node: SingleBranch, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await node.work();
    await pause(POLL_MS);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
