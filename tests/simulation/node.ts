/**
 * A machine that works under one name, life after life.
 *
 * @module
 */
import { GitError } from "../../lib/git/git_error.ts";
import type { Saying } from "../../lib/ledger/draft.ts";
import { NodeIsTwin } from "../../lib/worker/namesake.ts";
import type { Shelf } from "../../lib/worker/shelf.ts";
import { Worker } from "../../lib/worker/worker.ts";
import type { Grid } from "./grid.ts";
import type { Life } from "./life.ts";
import { SimulatedExecutor } from "./simulated_executor.ts";
import { MAX_POLL_MS, POLL_MS } from "./settings.ts";

const MACHINE = { hostname: "h", os: "linux", arch: "x86_64", cpus: 4, memory_mb: 4096 };

/** Keeps what could not be said, as the folder `--home` does: in no process's memory. */
class SimulatedShelf implements Shelf {
  readonly kept: Saying[] = [];
  load(): Promise<Saying[]> {
    return Promise.resolve(structuredClone(this.kept));
  }
  keep(sayings: Saying[]): Promise<void> {
    this.kept.push(...structuredClone(sayings));
    return Promise.resolve();
  }
  drop(sayings: Saying[]): Promise<void> {
    const dropped = new Set(sayings.map((saying) => JSON.stringify(saying.event)));
    const left = this.kept.filter((saying) => !dropped.has(JSON.stringify(saying.event)));
    this.kept.splice(0, Infinity, ...left);
    return Promise.resolve();
  }
}

export class Node {
  readonly shelf = new SimulatedShelf();
  /** The process that works now, or that worked last. */
  life?: Life;
  /** Whether a process works now. */
  isUp = false;
  #stop = new AbortController();
  readonly #wallOffsetMs: number;
  readonly #parallel: number;

  /**
   * @param instance tells apart two that were given one name
   */
  constructor(readonly grid: Grid, readonly name: string, readonly instance: string = name) {
    const { world } = grid;
    const isFarOff = world.random() < 0.25;
    if (isFarOff) world.weather.count("clock off by a day");
    this.#wallOffsetMs = world.between(-1, 1) * (isFarOff ? 86_400_000 : 2_000);
    this.#parallel = 1 + Math.floor(world.random() * 3);
  }

  /** Starts a process. */
  start(): void {
    const { world, containers } = this.grid;
    const life = this.life = this.grid.born(this.name, "worker", this.#wallOffsetMs);
    life.label = this.instance;
    this.isUp = true;
    this.#stop = new AbortController();
    world.tell(this.instance, () => "a process starts");
    const worker = new Worker(this.grid.open(life), {
      nodeId: this.name,
      labels: {},
      machine: MACHINE,
      parallel: this.#parallel,
      executor: new SimulatedExecutor(containers, life),
      pollMs: POLL_MS,
      maxPollMs: MAX_POLL_MS,
      graceMs: 2_000,
      exitWhenIdle: false,
      version: "simulated",
      clock: life,
      random: world.random,
      shelf: this.shelf,
      instance: this.instance,
    });
    worker.run(this.#stop.signal).then(
      () => this.#ended(life),
      (error) => this.#ended(life, error),
    );
  }

  /** Asks the process to end. */
  stop(): void {
    this.life!.in(0, () => this.#stop.abort());
  }

  /** Kills the process, as `kill -9` does. */
  kill(): void {
    const { world, containers } = this.grid;
    this.life!.die();
    this.isUp = false;
    const outlive = world.random() < 0.5;
    for (const container of containers.running) {
      if (container.life !== this.life) continue;
      if (outlive) world.weather.count("containers outlive their worker");
      else containers.end(container, false);
    }
  }

  /** There is another process of that name, and this one ends for good. */
  #isRefused(): void {
    const { world, checker, nodes } = this.grid;
    const hasTwin = nodes.some(({ name, instance }) =>
      name === this.name && instance !== this.instance
    );
    if (!hasTwin) checker.fail(`${this.name} took itself for a twin`);
    world.weather.count("event: a namesake is refused");
  }

  #ended(life: Life, error?: Error): void {
    const { world, checker } = this.grid;
    world.tell(this.instance, () => `the process ends${error ? `: ${error.message}` : ""}`);
    life.die();
    this.isUp = false;
    const isExpected = error === undefined || error instanceof GitError ||
      /results could not be delivered|its ref could not be written|others were faster|no answer/
        .test(error.message);
    if (error instanceof NodeIsTwin) return this.#isRefused();
    if (!isExpected) checker.fail(`${this.name} died: ${error.stack}`);
    // Somebody watches over it.
    world.scheduler.in(world.between(100, 3_000), () => {
      if (!this.isUp && this.life === life) this.start();
    });
  }
}
