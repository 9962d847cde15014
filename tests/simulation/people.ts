/**
 * Those who use the grid: they submit, cancel, settle, and have things run anew.
 *
 * @module
 */
import { commitToBranch } from "../../lib/ledger/branch.ts";
import { cancelTasks } from "../../lib/ledger/cancel.ts";
import { retryTasks } from "../../lib/ledger/retry.ts";
import type { Ledger } from "../../lib/ledger/ledger.ts";
import { settleAll } from "../../lib/ledger/settle.ts";
import { submitTasks } from "../../lib/ledger/submit.ts";
import { queuePath, resultPaths } from "../../lib/protocol/layout.ts";
import { PRIORITIES } from "../../lib/protocol/task.ts";
import { makeTask } from "../support/memory_grid.ts";
import type { Story } from "./checker/story.ts";
import type { Grid } from "./grid.ts";
import { LEASE_SECONDS } from "./settings.ts";
import { pick } from "./weather.ts";

const MOST_TASKS = 10;

export class People {
  readonly #grid: Grid;
  #tasks = 0;

  constructor(grid: Grid) {
    this.#grid = grid;
  }

  /** Sets the grid up. */
  async found(): Promise<void> {
    const settings = {
      version: 1,
      lease_seconds: LEASE_SECONDS,
      push_budget: this.#grid.world.pushBudget,
      max_attempts: this.#grid.world.maxAttempts,
    };
    const bytes = new TextEncoder().encode(JSON.stringify(settings));
    const ledger = this.#grid.open(this.#grid.born("founder", "founder", 0));
    await commitToBranch(ledger, "begin", () => [{ path: "dgrid.json", bytes }]);
  }

  async submit(): Promise<void> {
    const { random } = this.#grid.world;
    const count = Math.min(1 + Math.floor(random() * 4), MOST_TASKS - this.#tasks);
    if (count <= 0) return;
    const tasks = Array.from({ length: count }, () =>
      makeTask(`t${++this.#tasks}`, {
        priority: pick(random, PRIORITIES),
        retries: pick(random, [0, 0, 1, 2]),
      }));
    await this.#grid.errand("submitter", (ledger) => submitTasks(ledger, tasks));
  }

  /** Somebody puts a file into the queue by hand, and it is no task. */
  async submitBroken(): Promise<void> {
    const id = `b${++this.#tasks}`;
    this.#grid.checker.broken.add(id);
    const change = { path: queuePath(id, "medium"), bytes: new TextEncoder().encode("{") };
    await this.#grid.errand(
      "submitter",
      (ledger) =>
        commitToBranch(ledger, `put ${id}`, async () => await isKnown(ledger, id) ? [] : [change]),
    );
  }

  async cancel(): Promise<void> {
    const id = this.#someTask(({ result }) => result === undefined);
    if (id === undefined) return;
    await this.#grid.errand("canceller", (ledger) => cancelTasks(ledger, [id]));
  }

  async retry(): Promise<void> {
    const id = this.#someTask(({ result }) => result?.path.startsWith("tasks/failed/") ?? false);
    if (id === undefined) return;
    await this.#grid.errand("retrier", (ledger) => retryTasks(ledger, [id]));
  }

  async settle(): Promise<void> {
    await this.#grid.errand("settler", (ledger) => settleAll(ledger));
  }

  #someTask(isWanted: (story: Story) => boolean): string | undefined {
    const { world, checker } = this.#grid;
    const wanted = [...checker.stories.values()].filter(isWanted);
    return wanted.length === 0 ? undefined : pick(world.random, wanted).task_id;
  }
}

/** Whether a task exists already: the answer to the first try can have been lost. */
async function isKnown({ store, main }: Ledger, id: string): Promise<boolean> {
  if (main.queue.has(id)) return true;
  return (await store.find(main.commit, resultPaths(id))).size > 0;
}
