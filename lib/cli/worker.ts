/**
 * `dgrid worker`: runs tasks of the grid.
 *
 * @module
 */
import { join } from "@std/path";
import { getLogger } from "@logtape/logtape";
import { systemClock } from "../clock.ts";
import { createExecutor } from "../executor/create_executor.ts";
import { despiteDamage } from "../git/despite_damage.ts";
import { checkHost } from "../ledger/host_check.ts";
import { usualPushBudget } from "../scheduling/push_budget.ts";
import { countersFolder } from "../worker/counters_record.ts";
import { describeMachine } from "../worker/machine.ts";
import { FolderShelf, outboxFolder } from "../worker/shelf.ts";
import { Worker } from "../worker/worker.ts";
import type { WorkerOptions } from "../worker/worker_options.ts";
import type { Command, Context } from "./context.ts";
import { CountersOnDemand, leaveCounters } from "./counters.ts";
import { HardStop } from "./hard_stop.ts";
import { Interrupts } from "./interrupts.ts";
import { takeNodeIdentity } from "./node_identity.ts";
import { homeOf, isRemote, openGrid, repositoryOf } from "./open_grid.ts";
import { Interrupted, WrongUsage } from "./problems.ts";
import { VERSION } from "./version.ts";
import { refuseWithoutSecret, takeWakeUps } from "./wake_ups.ts";

const log = getLogger(["dgrid", "worker"]);

export const worker: Command = {
  summary: "run tasks of the grid",
  operands: "",
  takes: { least: 0, most: 0 },
  details: [
    "Runs until it is told to stop. On SIGTERM or Ctrl-C it takes nothing new, lets what runs end",
    "within --grace, hands the rest back and says goodbye; on a second signal it ends at once.",
    "On SIGUSR1 it logs its counters, in one line: looks at the repository, Git commands by kind and",
    "how many were refused or failed, bytes, how long tasks waited, and where its time went.",
  ],
  async run(context) {
    refuseUnsandboxed(context.options);
    refuseWithoutSecret(context);
    using interrupts = new Interrupts();
    using counters = new CountersOnDemand();
    const hardStop = new HardStop(interrupts.hardSignal);
    await Promise.race([
      work(context, { stop: interrupts.signal, hardStop, counters }),
      hardStop.over(() => new Interrupted("working", interrupts.first!)),
    ]);
  },
};

/** What comes from outside while a worker works. */
interface Outside {
  stop: AbortSignal;
  hardStop: HardStop;
  counters: CountersOnDemand;
}

async function work(context: Context, { stop, hardStop, counters }: Outside): Promise<void> {
  const { options, env } = context;
  const home = homeOf(context);
  using identity = await takeNodeIdentity(home, options["node-id"]);
  const { nodeId, instance } = identity;
  await using grid = await openGrid(context, { name: nodeId, email: `${nodeId}@dgrid.invalid` });
  // A wake-up that comes before there is a worker is needless: its first look is yet to come.
  const sleeper: { wake?(): void } = {};
  await using _wakeUps = await takeWakeUps(context, grid.ledger, () => sleeper.wake?.());
  await grid.ledger.refresh();
  await despiteDamage(() => checkHost(grid.ledger, grid.folder));
  const url = repositoryOf(context);
  await using executor = await createExecutor(options.executor, {
    workDir: join(home, "work", nodeId),
    env,
    engineProgram: options.engine,
    allowUnsandboxed: options["allow-unsandboxed"],
  });
  const node = new Worker(grid.ledger, {
    ...chosen(context),
    nodeId,
    instance,
    usualPushBudget: usualPushBudget(url),
    shelf: new FolderShelf(outboxFolder(home, { url, branch: options.branch, nodeId }), nodeId),
    executor: hardStop.guard(executor),
  });
  sleeper.wake = () => node.wake();
  const take = counters.take = () => ({ ...node.counters.snapshot(), git: grid.git.snapshot() });
  const place = countersFolder(home, { url, branch: options.branch });
  await using _counters = await leaveCounters(place, nodeId, take);
  log.info("{node} runs {kinds}", { node: nodeId, kinds: executor.runs.join(" and ") });
  await node.run(stop);
}

function refuseUnsandboxed(options: Context["options"]): void {
  if (options.executor !== "process" || options["allow-unsandboxed"]) return;
  throw new WrongUsage(
    'reading the options: --executor: "process": runs scripts with all your rights; ' +
      "give --allow-unsandboxed too if that is meant",
  );
}

/** A look at a repository on this machine costs next to nothing. */
const LOCAL_POLL_SECONDS = 0.2;
const REMOTE_POLL_SECONDS = 2;

function pollSeconds({ repo, ...options }: Context["options"]): number {
  const usual = repo !== undefined && !isRemote(repo) ? LOCAL_POLL_SECONDS : REMOTE_POLL_SECONDS;
  return options["poll-interval"] ?? usual;
}

/** What the options say of the worker. */
function chosen(
  { options }: Context,
): Omit<WorkerOptions, "nodeId" | "instance" | "shelf" | "executor" | "usualPushBudget"> {
  const heartbeat = options["heartbeat-interval"];
  return {
    labels: options.label,
    machine: describeMachine(),
    parallel: options.parallel,
    pollMs: pollSeconds(options) * 1000,
    maxPollMs: options["max-poll-interval"] * 1000,
    heartbeatMs: heartbeat === undefined ? undefined : heartbeat * 1000,
    graceMs: options.grace * 1000,
    exitWhenIdle: options["exit-when-idle"],
    maxTasks: options["max-tasks"],
    version: VERSION,
    clock: systemClock,
    random: Math.random,
  };
}
