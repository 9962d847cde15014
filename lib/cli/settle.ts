/**
 * `dgrid settle`: folds what is finished into the branch.
 *
 * @module
 */
import { settleAll } from "../ledger/settle.ts";
import type { Command } from "./context.ts";
import { openGrid } from "./open_grid.ts";

export const settle: Command = {
  summary: "fold what is finished into the branch",
  operands: "",
  takes: { least: 0, most: 0 },
  details: ["Workers do it by themselves; where none is left, anybody may."],
  async run(context) {
    const { options, terminal } = context;
    await using grid = await openGrid(context);
    await grid.ledger.refresh();
    const settled = await settleAll(grid.ledger);
    if (options.json) return terminal.printJson({ settled, commit: grid.ledger.main.commit });
    terminal.print(settled === 1 ? "settled 1 result" : `settled ${settled} results`);
  },
};
