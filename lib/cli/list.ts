/**
 * `dgrid list`: which task is where.
 *
 * @module
 */
import type { Command } from "./context.ts";
import { openGrid } from "./open_grid.ts";
import { type ListedTask, listTasks } from "./overview.ts";
import { inOneLine } from "./printable.ts";
import { table } from "./table.ts";

export const list: Command = {
  summary: "list tasks and where they are",
  operands: "",
  takes: { least: 0, most: 0 },
  details: [
    "queued: waits; claimed: runs; retrying: waits for its next attempt; finished: has a result that",
    "is not settled yet; completed, failed: the result is on the branch.",
  ],
  async run(context) {
    const { options, terminal } = context;
    await using grid = await openGrid(context);
    await grid.ledger.refresh();
    const all = (await listTasks(grid.ledger))
      .filter(({ state }) => options.state === undefined || state === options.state);
    const listed = all.slice(0, options.limit);
    if (options.json) return terminal.printJson(listed);
    if (listed.length > 0) terminal.print(table(listed.map(rowOf), terminal.columns));
    const more = all.length - listed.length;
    if (more > 0) terminal.tell(`and ${more} more; see them with --limit ${all.length}`);
    if (all.length === 0) terminal.tell("there are no such tasks");
  },
};

function rowOf({ task_id, state, priority, status, node_id, attempt, problem }: ListedTask) {
  const owner = node_id === undefined ? [] : [`attempt ${attempt}`, node_id];
  const details = [problem, priority, status, ...owner].filter((it) => it !== undefined);
  return [task_id, state, details.join(", ")].map(inOneLine);
}
