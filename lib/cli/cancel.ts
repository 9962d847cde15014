/**
 * `dgrid cancel`: ends tasks that are no longer wanted.
 *
 * @module
 */
import { type Cancelled, cancelTasks } from "../ledger/cancel.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { settleAll } from "../ledger/settle.ts";
import type { Command, Context } from "./context.ts";
import { explain } from "./exit_code.ts";
import { openGrid } from "./open_grid.ts";
import { TaskNotSuccessful } from "./problems.ts";
import { asProblem } from "./refused.ts";
import { waitForTasks } from "./wait_for_tasks.ts";
import { wakeWorkers } from "./wake_workers.ts";

export const cancel: Command = {
  summary: "end tasks that are no longer wanted",
  operands: "ID…",
  takes: { least: 1, most: Infinity },
  details: [
    "A task that waits ends at once. One that runs is stopped by its node at the node's next look; with",
    "--wait, this command ends when all of them have. Those that cannot be cancelled are named at the",
    "end; the others are cancelled all the same.",
  ],
  async run(context) {
    const { options, operands, terminal } = context;
    await using grid = await openGrid(context);
    const { ledger } = grid;
    await ledger.refresh();
    const outcomes = await cancelTasks(ledger, operands);
    if (outcomes.some(({ became }) => became === "cancelled")) await settle(context, ledger);
    if (options.json) {
      terminal.printJson(outcomes.map(({ became, ...rest }) => ({ ...rest, became })));
    } else for (const outcome of outcomes) tellOutcome(context, outcome);
    await wakeWorkers(context, ledger, ledger.main.settings);
    const awaited = outcomes.filter(({ became }) => became === "cancelling");
    if (options.wait) await waitForEnd(context, ledger, awaited.map(({ task_id }) => task_id));
    const refusals = outcomes.filter((outcome) => outcome.became === "refused");
    if (refusals.length > 0) throw asProblem("cancelling", refusals);
  },
};

/** The task is cancelled whether its result is settled now or later. */
async function settle({ terminal }: Context, ledger: Ledger): Promise<void> {
  try {
    await settleAll(ledger);
  } catch (error) {
    terminal.tell(`${explain(error)}; what was cancelled stays so, and is settled later`);
  }
}

function tellOutcome({ terminal, options }: Context, outcome: Cancelled): void {
  const { task_id, became } = outcome;
  if (became === "cancelled") terminal.print(`${task_id}: cancelled`);
  if (became !== "cancelling") return;
  const advice = options.wait ? "" : "; see: dgrid explain";
  terminal.print(`${task_id}: ${outcome.node_id} must stop it at its next look${advice}`);
}

/** However they end, they have; that is what was wanted. */
async function waitForEnd({ terminal }: Context, ledger: Ledger, ids: string[]): Promise<void> {
  try {
    await waitForTasks(ledger, ids, { onEnd: (line) => terminal.tell(line) });
  } catch (error) {
    if (!(error instanceof TaskNotSuccessful)) throw error;
  }
}
