/**
 * `dgrid validate`: checks task files without submitting them.
 *
 * @module
 */
import { DEFAULT_SETTINGS, type Settings } from "../protocol/settings.ts";
import { type CheckedTask, checkTasks, withinCeilings } from "./check_tasks.ts";
import type { Command, Context } from "./context.ts";
import { InputProblems } from "./input_problems.ts";
import { openGrid, userOf } from "./open_grid.ts";
import { resumed } from "./resumed.ts";
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
    const problems = new InputProblems();
    const completion = completionBy((await userOf(env)).email);
    const described: Omit<CheckedTask, "bytes">[] = [];
    let count = 0;
    const checked = checkTasks(readTaskFiles(operands), { completion, problems });
    for await (const { place, task } of await held(context, checked, problems)) {
      count++;
      if (options.json) described.push({ place, task });
    }
    if (options.json) return terminal.printJson({ valid: true, tasks: described });
    terminal.print(count === 1 ? "1 task is valid" : `${count} tasks are valid`);
  },
};

/** The tasks, held to the ceilings of the grid where one is named on the command line. */
async function held(
  context: Context,
  checked: AsyncGenerator<CheckedTask[]>,
  problems: InputProblems,
): Promise<AsyncIterable<CheckedTask>> {
  if (!context.given.has("repo")) return withinCeilings(checked, DEFAULT_SETTINGS, problems);
  const first = await checked.next();
  return withinCeilings(resumed(first, checked), await settingsOf(context), problems);
}

async function settingsOf(context: Context): Promise<Settings> {
  await using grid = await openGrid(context);
  return (await grid.ledger.glance()).settings;
}
