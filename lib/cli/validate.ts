/**
 * `dgrid validate`: checks task files without submitting them.
 *
 * @module
 */
import type { Settings } from "../protocol/settings.ts";
import { checkCeilings, checkTasks } from "./check_tasks.ts";
import type { Command, Context } from "./context.ts";
import { openGrid, userOf } from "./open_grid.ts";
import { completionBy } from "./submit.ts";
import { readTaskFiles } from "./task_file.ts";

export const validate: Command = {
  summary: "check task files without submitting them",
  operands: "FILE…|-",
  takes: { least: 1, most: Infinity },
  details: [
    "Says everything that is wrong: file, field, value, rule. Needs no repository; with --repo on the",
    "command line it also checks against that grid's ceilings.",
  ],
  async run(context) {
    const { options, operands, terminal, env } = context;
    const raw = await readTaskFiles(operands);
    const tasks = checkTasks(raw, completionBy((await userOf(env)).email));
    if (context.given.has("repo")) checkCeilings(raw, tasks, await settingsOf(context));
    if (options.json) {
      const described = tasks.map((task, index) => ({ place: raw[index].place, task }));
      return terminal.printJson({ valid: true, tasks: described });
    }
    terminal.print(tasks.length === 1 ? "1 task is valid" : `${tasks.length} tasks are valid`);
  },
};

async function settingsOf(context: Context): Promise<Settings> {
  await using grid = await openGrid(context);
  await grid.ledger.refresh();
  return grid.ledger.main.settings;
}
