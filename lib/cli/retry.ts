/**
 * `dgrid retry`: runs failed tasks again.
 *
 * @module
 */
import { RefusedTasks } from "../ledger/refused_tasks.ts";
import { retryTasks } from "../ledger/retry.ts";
import type { Command } from "./context.ts";
import { openGrid } from "./open_grid.ts";
import { asProblem } from "./refused.ts";
import { wakeWorkers } from "./wake_workers.ts";

export const retry: Command = {
  summary: "run failed tasks again",
  operands: "ID…",
  takes: { least: 1, most: Infinity },
  details: [
    "Puts the task of each failed result back into the queue, under its id and as it was, all in one",
    "commit or none. The old result stays in the history; see: dgrid logs ID.",
  ],
  async run(context) {
    const { options, operands, terminal } = context;
    await using grid = await openGrid(context);
    const { ledger } = grid;
    await ledger.refresh();
    const task_ids = [...new Set(operands)];
    const commit = await retryTasks(ledger, task_ids).catch(rethrow);
    if (options.json) terminal.printJson({ commit, task_ids });
    else for (const id of task_ids) terminal.print(id);
    await wakeWorkers(context, ledger, ledger.main.settings);
  },
};

function rethrow(error: unknown): never {
  throw error instanceof RefusedTasks ? asProblem(error.action, error.refusals) : error;
}
