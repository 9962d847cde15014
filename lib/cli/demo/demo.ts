/**
 * `dgrid demo`: a real grid on this machine, which estimates π.
 *
 * @module
 */
import { systemClock } from "../../clock.ts";
import { submitTasks } from "../../ledger/submit.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { checkTasks } from "../check_tasks.ts";
import type { Command, Context } from "../context.ts";
import { setUpGrid } from "../init.ts";
import { InputProblems } from "../input_problems.ts";
import { Interrupts } from "../interrupts.ts";
import { openGrid } from "../open_grid.ts";
import { Interrupted } from "../problems.ts";
import { completionBy } from "../submit.ts";
import { whyNoContainers } from "./containers.ts";
import { DemoFolder } from "./demo_folder.ts";
import { piTasks, scriptTasks } from "./pi_tasks.ts";
import { Progress } from "./progress.ts";
import { inSeconds, ProgressDisplay } from "./progress_display.ts";
import { reportDemo } from "./report_demo.ts";
import { startWorkers } from "./start_workers.ts";
import type { WorkerProcess } from "./worker_process.ts";

/** A demo that has not ended by then never will. */
const TIME_LIMIT_MS = 120_000;
const LOOK_MS = 300;

export const demo: Command = {
  summary: "watch a grid of three workers estimate π on this machine",
  operands: "",
  takes: { least: 0, most: 0 },
  details: [
    "Makes a repository in a temporary folder, starts three workers as processes of their own, and",
    "removes everything at the end. Ends with 0 only if each task has exactly one result on the branch",
    "and the estimate's interval holds π, which it does in 95 of 100 cases; by default it does.",
  ],
  async run(context) {
    using interrupts = new Interrupts();
    await using folder = await DemoFolder.make(context);
    await runDemo({ ...context, options: folder.options }, folder, interrupts);
  },
};

async function runDemo(
  context: Context,
  folder: DemoFolder,
  interrupts: Interrupts,
): Promise<void> {
  const { terminal, env } = context;
  const began = systemClock.elapsedMs();
  const containers = await whyNoContainers(env);
  if (containers !== undefined) terminal.tell(`only modules are run: ${containers}`);
  await setUpGrid(context);
  await using grid = await openGrid(context);
  await grid.ledger.refresh();
  const ids = await submitDemo(context, grid.ledger, containers === undefined);
  terminal.tell(`three workers share ${ids.length} tasks through ${folder.repo}`);
  const executor = containers === undefined ? "auto" : "sandbox";
  await using workers = await startWorkers(folder, env, executor);
  const progress = new Progress(grid.ledger, ids);
  const nodeIds = workers.all.map(({ nodeId }) => nodeId);
  const display = new ProgressDisplay(terminal, progress, nodeIds);
  await follow(workers.all, interrupts, async (isLast) => {
    await progress.update();
    display.show(systemClock.elapsedMs() - began, isLast);
  });
  await reportDemo(context, folder.repo, {
    taskIds: ids,
    nodeIds,
    results: progress.results,
    elapsedMs: systemClock.elapsedMs() - began,
  });
}

async function submitDemo(
  { options }: Context,
  ledger: Ledger,
  hasContainers: boolean,
): Promise<string[]> {
  const wanted = [
    ...piTasks(options.seed, options.samples),
    ...hasContainers ? scriptTasks() : [],
  ];
  const raw = wanted.map((value) => ({ place: "the demo", value }));
  const completion = completionBy(ledger.writer.email);
  const batches = await Array.fromAsync(
    checkTasks(raw, { completion, problems: new InputProblems() }),
  );
  const tasks = batches.flat().map(({ task }) => task);
  await submitTasks(ledger, tasks);
  return tasks.map(({ task_id }) => task_id);
}

/** Looks on until all workers have ended by themselves, because nothing is left to do. */
async function follow(
  workers: WorkerProcess[],
  interrupts: Interrupts,
  look: (isLast: boolean) => Promise<void>,
): Promise<void> {
  const deadline = systemClock.elapsedMs() + TIME_LIMIT_MS;
  let areRunning = true;
  while (areRunning) {
    // Whoever ended before this look has settled before it, so the last look sees everything.
    areRunning = workers.some(({ isRunning }) => isRunning);
    await look(!areRunning);
    if (interrupts.first) throw new Interrupted("showing the demo", interrupts.first);
    await refuseFailure(workers);
    if (systemClock.elapsedMs() > deadline) {
      throw new Error(`showing the demo: not done after${inSeconds(TIME_LIMIT_MS)}; try --keep`);
    }
    if (areRunning) await systemClock.wait(LOOK_MS, interrupts.signal);
  }
}

async function refuseFailure(workers: WorkerProcess[]): Promise<void> {
  const failed = workers.find(({ hasFailed }) => hasFailed);
  if (failed === undefined) return;
  await failed.ended;
  throw new Error(`showing the demo: ${failed.nodeId} ended early: ${await failed.lastWords()}`);
}
