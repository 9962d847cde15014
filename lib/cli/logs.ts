/**
 * `dgrid logs`: everything that happened to a task.
 *
 * @module
 */
import { readTaskHistory } from "../ledger/history.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { resultPaths } from "../protocol/layout.ts";
import { describeEvent, type LogEvent } from "../report/log_event.ts";
import { taskLog } from "../report/task_log.ts";
import type { Command } from "./context.ts";
import { openGrid } from "./open_grid.ts";
import { inOneLine } from "./printable.ts";
import { table } from "./table.ts";
import { noSuchTask } from "./wait_for_tasks.ts";

export const logs: Command = {
  summary: "list everything that happened to a task",
  operands: "ID",
  takes: { least: 1, most: 1 },
  details: [
    "Each line is an instant, what happened then, and the commit that says so, the oldest first. The",
    "instants are by the clock of whoever did it. What the task printed is told by: dgrid result ID.",
  ],
  async run(context) {
    const { options, operands: [id], terminal } = context;
    await using grid = await openGrid(context);
    const { ledger } = grid;
    await ledger.refresh();
    const isEnded = await hasResult(ledger, id);
    const isThere = isEnded || ledger.stateOf(id) !== undefined || ledger.main.pathsOf.has(id);
    if (!isThere) throw noSuchTask(id);
    const history = await readTaskHistory(ledger, id);
    const events = taskLog(id, history);
    const { isWhole } = history;
    if (options.json) return terminal.printJson({ task_id: id, is_whole: isWhole, events });
    if (!isWhole) terminal.tell("there is older history than this, which was not read");
    terminal.print(table(events.map(rowOf), terminal.columns));
    terminal.tell(isEnded ? `what it printed: dgrid result ${id}` : `why: dgrid explain ${id}`);
  },
};

/** Whether a task has ended, settled or not. */
async function hasResult(ledger: Ledger, id: string): Promise<boolean> {
  if (ledger.stateOf(id)?.status === "finished") return true;
  return (await ledger.store.find(ledger.main.commit, resultPaths(id))).size > 0;
}

function rowOf(event: LogEvent): string[] {
  return [event.at, event.commit?.slice(0, 10) ?? "-", describeEvent(event)].map(inOneLine);
}
