/**
 * `dgrid explain`: why a task is where it is.
 *
 * @module
 */
import type { Ledger } from "../ledger/ledger.ts";
import { nearIds } from "../report/near_ids.ts";
import type { Command } from "./context.ts";
import { explainTask } from "./explain_task.ts";
import { openGrid } from "./open_grid.ts";
import { listTasks } from "./overview.ts";
import { inOneLine } from "./printable.ts";
import { NoSuchThing } from "./problems.ts";
import { noSuchTask } from "./wait_for_tasks.ts";

export const explain: Command = {
  summary: "say why a task is where it is",
  operands: "ID",
  takes: { least: 1, most: 1 },
  details: [
    "Of a task that waits: for what, behind which others, and who could take it. Of one that runs: where,",
    "and when its node last gave a sign of life. Of one that has ended: how, and each of its attempts.",
    "What a node says of itself is by its own clock.",
  ],
  async run(context) {
    const { options, operands: [id], terminal } = context;
    await using grid = await openGrid(context);
    await grid.ledger.refresh();
    const explanation = await explainTask(grid.ledger, id);
    if (explanation === undefined) throw await unknown(grid.ledger, id);
    if (options.json) return terminal.printJson(explanation);
    const { state, why } = explanation;
    terminal.print(terminal.marked(inOneLine(`${id}: ${state.replace("_", " ")}`), "bold"));
    for (const sentence of why) terminal.print(`  ${inOneLine(sentence)}`);
  },
};

/** There is none of this id, but perhaps of one that is nearly the same. */
async function unknown(ledger: Ledger, id: string): Promise<NoSuchThing> {
  const ids = (await listTasks(ledger)).map(({ task_id }) => task_id);
  const near = nearIds(id, ids);
  if (near.length === 0) return noSuchTask(id);
  return new NoSuchThing(
    `looking for task "${id}": there is none of this id; did you mean ${near.join(", ")}?`,
  );
}
