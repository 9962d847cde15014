/**
 * What a worker can take on now: its machinery can be broken for a while, and its disk can be full.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { TaskKind } from "../executor/executor.ts";
import { GitError } from "../git/git_error.ts";
import type { Offers } from "./candidates.ts";
import type { WorkerOptions } from "./worker_options.ts";

const log = getLogger(["dgrid", "worker"]);

/** After its machinery broke, a node leaves that kind of task alone for this long. */
const BROKEN_PAUSE_MS = 30_000;
/** After its disk was full, a node claims nothing for this long. */
const FULL_PAUSE_MS = 30_000;

export class Readiness {
  readonly #options: Pick<WorkerOptions, "executor" | "labels" | "machine" | "clock">;
  readonly #brokenUntilMs = new Map<TaskKind, number>();
  #fullUntilMs = -Infinity;

  constructor(options: Pick<WorkerOptions, "executor" | "labels" | "machine" | "clock">) {
    this.#options = options;
  }

  /** Notes that tasks of a kind cannot be run for now. */
  noteBroken(kind: TaskKind): void {
    this.#brokenUntilMs.set(kind, this.#options.clock.elapsedMs() + BROKEN_PAUSE_MS);
  }

  /** Notes why a tick failed. */
  noteTrouble(error: Error): void {
    if (!(error instanceof GitError) || error.trouble !== "disk_full") return;
    if (this.canStore()) {
      log.error("the disk is full: nothing is claimed until there is room again");
    }
    this.#fullUntilMs = this.#options.clock.elapsedMs() + FULL_PAUSE_MS;
  }

  /** Whether there is room on the disk for further results. */
  canStore(): boolean {
    return this.#fullUntilMs <= this.#options.clock.elapsedMs();
  }

  /** What this node has to offer. */
  offers(): Offers {
    const { executor, labels, machine, clock } = this.#options;
    const now = clock.elapsedMs();
    const ever = { runs: executor.runs, labels, cpus: machine.cpus, memory_mb: machine.memory_mb };
    const runs = executor.runs.filter((kind) => (this.#brokenUntilMs.get(kind) ?? 0) <= now);
    return { ever, now: { ...ever, runs } };
  }
}
