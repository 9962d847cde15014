/**
 * Grids to measure on.
 *
 * @module
 */
import { join } from "@std/path";
import { type Clock, systemClock } from "../lib/clock.ts";
import { GitCounters } from "../lib/git/git_counters.ts";
import { GitStore } from "../lib/ledger/git_store.ts";
import { Ledger } from "../lib/ledger/ledger.ts";
import type { Store } from "../lib/ledger/store.ts";
import { submitTasks } from "../lib/ledger/submit.ts";
import { shardOf } from "../lib/protocol/identity.ts";
import { RefNames } from "../lib/protocol/layout.ts";
import { checkTask, type Task } from "../lib/protocol/task.ts";
import { bareRepository, commitFiles, plainGit } from "../tests/support/git_server.ts";

/** A process's view of a grid; disposing of it lets the local copy go. */
export interface OpenLedger extends AsyncDisposable {
  ledger: Ledger;
  /** Counts what Git is asked to do. */
  git: GitCounters;
}

/** How a grid is opened. */
export interface OpenOptions {
  /** The repository's path or URL. */
  url: string;
  /** The folder of the local copy; by default nobody else's. */
  home: string;
  name: string;
  /** Lays something over the store. */
  over?: (store: Store) => Store;
  /** By default the machine's. */
  clock?: Clock;
}

/** Makes a bare repository with an empty grid, and gives its path. */
export async function makeGrid(folder: string): Promise<string> {
  const url = await bareRepository(folder);
  // As `dgrid init` does, and every Git host allows.
  await plainGit(url, "config", "uploadpack.allowFilter", "true");
  await plainGit(url, "config", "uploadpack.allowAnySHA1InWant", "true");
  await plainGit(url, "config", "http.receivepack", "true");
  await commitFiles(folder, url, { "dgrid.json": '{"version": 1}\n' });
  return url;
}

/** Opens a grid under a name. The repository is not asked yet. */
export async function openLedger(options: OpenOptions): Promise<OpenLedger> {
  const { url, home, name, over = (store) => store, clock = systemClock } = options;
  const names = new RefNames();
  const host = Deno.env.toObject();
  const git = new GitCounters();
  const store = over(await GitStore.open({ url, home, names, host, counters: git }));
  const email = `${name}@example.com`;
  const writer = { name, email, clock, random: Math.random };
  const ledger = new Ledger(store, names, writer);
  return { ledger, git, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}

/** Tasks of the same kind with ids of their own, which begin with a name. */
export function makeTasks(
  count: number,
  fields: Record<string, unknown> = {},
  name = "bench",
): Task[] {
  const code = fields.module === undefined ? { script: "true" } : {};
  const created_at = new Date().toISOString();
  return Array.from({ length: count }, (_, index) => {
    const task_id = `${name}-${String(index).padStart(6, "0")}`;
    const checked = checkTask({ task_id, created_at, ...code, ...fields });
    if (!checked.ok) throw new Error(`making a task: ${JSON.stringify(checked.problems)}`);
    return checked.value;
  });
}

/** A grid with so many tasks in its queue. */
export async function makeQueue(folder: string, tasks: Task[]): Promise<string> {
  const url = await makeGrid(folder);
  await using user = await openLedger({ url, home: join(folder, "user"), name: "user" });
  await user.ledger.refresh();
  await submitTasks(user.ledger, tasks);
  return url;
}

/** What is left of tasks when all is said to be done. */
export interface Remains {
  /** Results on the branch of tasks that succeeded. */
  settled: number;
  /** Files in the queue. */
  queued: number;
  /** States on the live edge. */
  live: number;
}

/** Looks at the repository with plain Git. */
export async function remainsOf(repository: string): Promise<Remains> {
  const names = await plainGit(repository, "ls-tree", "-r", "--name-only", "main");
  const refs = await plainGit(repository, "for-each-ref", "--format=%(refname)", "refs/dgrid/live");
  const paths = names.split("\n");
  const count = (folder: string) => paths.filter((path) => path.startsWith(folder)).length;
  let live = 0;
  for (const ref of refs.split("\n").filter((ref) => ref !== "")) {
    const entries = await plainGit(repository, "ls-tree", "-r", "--name-only", ref, "tasks/");
    live += entries.split("\n").filter((path) => path !== "").length;
  }
  return { settled: count("tasks/completed/"), queued: count("tasks/queue/"), live };
}

/** @throws {Error} unless so many tasks have succeeded and are settled, and nothing else is left */
export async function demandSettled(repository: string, tasks: number): Promise<void> {
  const { settled, queued, live } = await remainsOf(repository);
  if (settled === tasks && queued === 0 && live === 0) return;
  throw new Error(
    `checking the grid: of ${tasks} tasks ${settled} are settled, ${queued} queued, ${live} live`,
  );
}

/** Whether a result can be read by whoever has just looked. */
export function isVisible(ledger: Ledger, taskId: string): boolean {
  const { status } = ledger.shard(shardOf(taskId)).tasks.get(taskId)?.state ?? {};
  return status === "finished" || (status === undefined && !ledger.main.queue.has(taskId));
}
