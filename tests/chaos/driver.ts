/**
 * The users of the grid: they hand tasks in little by little, and cancel some of them.
 *
 * @module
 */
import { systemClock } from "../../lib/clock.ts";
import type { Chance } from "./chance.ts";
import type { ChaosGrid } from "./grid.ts";
import { makeTasks, type Submission } from "./workload.ts";

const WAVE_MS = 10_000;
/** When nothing is handed in any more, so that the last tasks meet faults, too. */
const HANDED_IN_BY = 0.75;
/** The first wave has this part of all tasks, so that there is always something to do. */
const FIRST_PART = 0.3;
/** By then most of them run. */
const CANCEL_AFTER_MS = [2_000, 10_000] as const;

export class Driver {
  /** What came of each wish to cancel. */
  readonly cancels: string[] = [];
  readonly #underWay: Promise<void>[] = [];

  constructor(private readonly grid: ChaosGrid, private readonly chance: Chance) {}

  /** Hands in so many tasks within a time; then waits for what it has begun. */
  async run(tasks: number, durationMs: number, stop: AbortSignal): Promise<void> {
    await this.#handIn(Math.round(tasks * FIRST_PART), stop);
    const waves = Math.max(1, Math.floor(durationMs * HANDED_IN_BY / WAVE_MS));
    for (let wave = 1; wave <= waves && !stop.aborted; wave++) {
      await systemClock.wait(WAVE_MS, stop);
      const goal = Math.round(tasks * (FIRST_PART + (1 - FIRST_PART) * wave / waves));
      await this.#handIn(goal - this.grid.submissions.length, stop);
    }
    await Promise.all(this.#underWay);
  }

  async #handIn(count: number, stop: AbortSignal): Promise<void> {
    if (stop.aborted || count <= 0) return;
    const tasks = makeTasks(this.chance, this.grid.submissions.length, count);
    await this.grid.submit(tasks);
    for (const task of tasks.filter(({ kind }) => kind === "cancelled")) {
      this.#underWay.push(this.#cancel(task, stop));
    }
  }

  async #cancel({ task_id }: Submission, stop: AbortSignal): Promise<void> {
    await systemClock.wait(this.chance.integer(...CANCEL_AFTER_MS), stop);
    const { code, stderr } = await this.grid.playground.run(["cancel", task_id]);
    this.cancels.push(code === 0 ? "done" : stderr.trim().split("\n").at(-1)!);
  }
}
