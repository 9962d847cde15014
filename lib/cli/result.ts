/**
 * `dgrid result`: how a task ended.
 *
 * @module
 */
import { type Standing, standingsOf } from "../ledger/results.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Result } from "../protocol/result.ts";
import type { Command, Context } from "./context.ts";
import { describeResult } from "./describe_result.ts";
import { openGrid } from "./open_grid.ts";
import { noSuchTask, resultIn, throwUnlessSuccessful, waitForTasks } from "./wait_for_tasks.ts";

export const result: Command = {
  summary: "print how a task ended",
  operands: "ID",
  takes: { least: 1, most: 1 },
  details: [
    "Prints what the task printed, and what a module returned, as it was. Ends with 3 if the task did",
    "not succeed, with 4 if there is none of this id, and with 1 if it has not ended yet.",
  ],
  async run(context) {
    const [id] = context.operands;
    await using grid = await openGrid(context);
    const { ledger } = grid;
    await ledger.refresh();
    if (context.options.wait) {
      await waitForTasks(ledger, [id], { onAll: ([ended]) => printResult(context, ended) });
      return;
    }
    const standing = await standingOf(ledger, id);
    const ended = resultIn(standing);
    if (ended === undefined) throw new Error(unfinished(id, standing));
    printResult(context, ended);
    throwUnlessSuccessful([ended]);
  },
};

async function standingOf(ledger: Ledger, id: string): Promise<Standing> {
  const standing = (await standingsOf(ledger, [id])).get(id)!;
  if (standing.where === "unknown") throw noSuchTask(id);
  return standing;
}

function unfinished(id: string, standing: Standing): string {
  const where = "node_id" in standing
    ? `it is ${standing.where}, attempt ${standing.attempt}, ${standing.node_id}`
    : `it is ${standing.where}`;
  return `reading the result of ${id}: ${where}; wait for it with --wait`;
}

/** The task's own words to the streams where they belong; why it failed is said by the error. */
function printResult({ options, terminal }: Context, ended: Result): void {
  if (options.json) return terminal.printJson(ended);
  terminal.printRaw(ended.stdout);
  terminal.tellRaw(ended.stderr);
  if (ended.output !== undefined) terminal.printJson(ended.output);
  if (ended.stdout_truncated) terminal.tell(`${ended.task_id}: stdout was cut at the grid's limit`);
  if (ended.stderr_truncated) terminal.tell(`${ended.task_id}: stderr was cut at the grid's limit`);
  if (ended.status === "success") terminal.tell(describeResult(ended));
}
