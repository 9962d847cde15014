/**
 * Grids in memory, with time and chance decided by the test.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { Clock } from "../../lib/clock.ts";
import { Ledger, type Writer } from "../../lib/ledger/ledger.ts";
import { MemoryServer, MemoryStore } from "../../lib/ledger/memory_store.ts";
import type { Change, Oid, RefChange, Store, SwapOutcome } from "../../lib/ledger/store.ts";
import { submitTasks } from "../../lib/ledger/submit.ts";
import { commitToBranch } from "../../lib/ledger/branch.ts";
import { RefNames } from "../../lib/protocol/layout.ts";
import { checkTask, type Task } from "../../lib/protocol/task.ts";

/** Somebody who waits for a moment. */
interface Waiter {
  atMs: number;
  wake(): void;
}

/**
 * A clock whose time moves on only while everybody waits: then it jumps to the next moment that
 * somebody waits for.
 */
export class VirtualClock implements Clock {
  #ms = 0;
  #waiters: Waiter[] = [];
  #isPumping = false;

  now(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.#ms);
  }

  elapsedMs(): number {
    return this.#ms;
  }

  wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiter: Waiter = { atMs: this.#ms + milliseconds, wake: () => {} };
      const wake = waiter.wake = () => {
        signal?.removeEventListener("abort", wake);
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve();
      };
      this.#waiters.push(waiter);
      if (signal?.aborted) wake();
      else signal?.addEventListener("abort", wake);
      this.#pump();
    });
  }

  advance(milliseconds: number): void {
    this.#ms += milliseconds;
  }

  /** Wakes those whose moment is next, once all others have had their turn. */
  #pump(): void {
    if (this.#isPumping || this.#waiters.length === 0) return;
    this.#isPumping = true;
    setImmediate(() => {
      this.#isPumping = false;
      const atMs = Math.min(...this.#waiters.map((waiter) => waiter.atMs));
      this.#ms = Math.max(this.#ms, atMs);
      for (const waiter of this.#waiters.filter((waiter) => waiter.atMs <= atMs)) waiter.wake();
      this.#pump();
    });
  }
}

/** A random number generator that gives the same numbers in each run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function makeTask(task_id: string, more: Record<string, unknown> = {}): Task {
  const task = checkTask({ task_id, module: "export default () => 1", ...more });
  if (!task.ok) throw new Error(JSON.stringify(task.problems));
  return task.value;
}

/** A store that a test can interfere with. */
export class MeddledStore implements Store {
  /** Done before each swap, such as what somebody else does in between. */
  beforeSwap?: () => Promise<void> | void;
  /** So many swaps take effect, but their answer is lost: they look like lost ones. */
  answersToLose = 0;
  /** How long it takes to the server, and how long back. */
  lag?: () => Promise<void>;
  /** Told of each swap that took effect, at the moment when it did. */
  onSwap?: () => void;
  /** The branch as this store's owner sees it, where it should be an old one. */
  oldMain?: Oid;

  constructor(private readonly inner: Store, private readonly names = new RefNames()) {}

  async refs() {
    await this.lag?.();
    const refs = await this.inner.refs();
    await this.lag?.();
    return this.oldMain ? refs.set(this.names.branch, this.oldMain) : refs;
  }
  async swap(changes: RefChange[], options: { atomic: boolean }) {
    const meddle = this.beforeSwap;
    this.beforeSwap = undefined;
    await meddle?.();
    await this.lag?.();
    const outcomes = await this.inner.swap(changes, options);
    if ([...outcomes.values()].some(({ done }) => done)) this.onSwap?.();
    await this.lag?.();
    if (this.answersToLose === 0) return outcomes;
    this.answersToLose--;
    const lost: SwapOutcome = { done: false, why: "lost", words: "no answer" };
    return new Map(changes.map(({ ref }): [string, SwapOutcome] => [ref, lost]));
  }
  follow: Store["follow"] = (names) => this.inner.follow(names);
  fetch: Store["fetch"] = (tips) => this.inner.fetch(tips);
  diff: Store["diff"] = (commits, folder, enter) => this.inner.diff(commits, folder, enter);
  list: Store["list"] = (commit, folder, enter) => this.inner.list(commit, folder, enter);
  find: Store["find"] = (commit, paths) => this.inner.find(commit, paths);
  read: Store["read"] = (oids, maxBytes) => this.inner.read(oids, maxBytes);
  contains: Store["contains"] = (commit, ancestor, options) =>
    this.inner.contains(commit, ancestor, options);
  write: Store["write"] = (work) => this.inner.write(work);
  log: Store["log"] = (commit, count) => this.inner.log(commit, count);
  history: Store["history"] = (tip, paths, isEnough) => this.inner.history(tip, paths, isEnough);
  [Symbol.asyncDispose] = () => this.inner[Symbol.asyncDispose]();
}

/** A grid in memory and those who look at it. */
export class MemoryGrid {
  readonly server = new MemoryServer();
  readonly names = new RefNames();
  readonly clock = new VirtualClock();
  readonly #random = seeded(1);

  /** A grid whose branch holds these files and tasks. */
  static async with(tasks: Task[], files: Record<string, string> = {}): Promise<MemoryGrid> {
    const grid = new MemoryGrid();
    const { ledger } = grid.open("founder");
    const given = { "dgrid.json": '{"version": 1}', ...files };
    await commitToBranch(
      ledger,
      "begin",
      () =>
        Object.entries(given).map(([path, text]) => ({
          path,
          bytes: new TextEncoder().encode(text),
        })),
    );
    if (tasks.length > 0) await submitTasks(ledger, tasks);
    return grid;
  }

  /** A further process's view, through a store that can be meddled with. */
  open(name: string): { ledger: Ledger; store: MeddledStore } {
    const store = new MeddledStore(new MemoryStore(this.server, this.names), this.names);
    const writer: Writer = {
      name,
      email: `${name}@example.com`,
      clock: this.clock,
      random: this.#random,
    };
    return { ledger: new Ledger(store, this.names, writer), store };
  }

  /** A further process's view that has looked already. */
  async look(name: string): Promise<{ ledger: Ledger; store: MeddledStore }> {
    const opened = this.open(name);
    await opened.ledger.refresh();
    return opened;
  }

  /** The files on the branch, as the server has them. */
  mainFiles(): string[] {
    const commit = this.server.refs.get(this.names.branch)!;
    return [...this.server.commits.get(commit)!.files.keys()].sort();
  }

  /** The files on all shards, as the server has them, without the settled marks. */
  liveFiles(): string[] {
    return [...this.server.refs].filter(([ref]) => this.names.shardIn(ref) !== undefined)
      .flatMap(([, commit]) => [...this.server.commits.get(commit)!.files.keys()])
      .filter((path) => path !== "settled").sort();
  }
}

/** Somebody with push rights changes a ref by hand. */
export async function tamper(grid: MemoryGrid, ref: string, changes: Change[]): Promise<void> {
  const { store } = grid.open("somebody");
  const next = await store.write((writer) =>
    writer.commit({
      parent: grid.server.refs.get(ref),
      message: "by hand",
      author: { name: "somebody", email: "somebody@example.com" },
      time: 0,
      changes,
    })
  );
  grid.server.refs.set(ref, next);
}
