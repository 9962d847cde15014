/**
 * `dgrid submit`: puts tasks into the queue.
 *
 * @module
 */
import { submitTasks } from "../ledger/submit.ts";
import { checkCeilings, checkTasks, type Completion, overridesOf } from "./check_tasks.ts";
import type { Command, Context } from "./context.ts";
import { openGrid, userOf } from "./open_grid.ts";
import { WrongUsage } from "./problems.ts";
import { type RawTask, readModuleFile, readTaskFiles } from "./task_file.ts";
import { makeTaskId } from "./task_id.ts";
import { waitForTasks } from "./wait_for_tasks.ts";
import { wakeWorkers } from "./wake_workers.ts";

export const submit: Command = {
  summary: "put tasks into the queue",
  operands: "[FILE…|-]",
  takes: { least: 0, most: Infinity },
  details: [
    "A FILE holds a task as a JSON object, several as an array or as JSON lines; a folder stands for",
    "its *.json and *.jsonl, and - for standard input. Without one, --script or --module makes a task.",
    "Other options set their field in every task. All tasks land in one commit, or none does.",
    "Prints the ids.",
  ],
  async run(context) {
    const { options, terminal } = context;
    const raw = await rawTasks(context);
    const { email } = await userOf(context.env);
    const tasks = checkTasks(raw, completionBy(email), overridesOf(options));
    await using grid = await openGrid(context);
    const { ledger } = grid;
    await ledger.refresh();
    checkCeilings(raw, tasks, ledger.main.settings);
    const commit = await submitTasks(ledger, tasks);
    const task_ids = tasks.map(({ task_id }) => task_id);
    if (!options.json) { for (const id of task_ids) terminal.print(id); }
    await wakeWorkers(context, ledger);
    if (!options.wait) return options.json ? terminal.printJson({ commit, task_ids }) : undefined;
    await waitForTasks(ledger, task_ids, {
      onEnd: (line) => options.json || terminal.tell(line),
      onAll: (results) => options.json && terminal.printJson({ commit, task_ids, results }),
    });
  },
};

/** What tasks are given that lack it. */
export function completionBy(submitted_by: string): Completion {
  const now = new Date();
  return { makeId: () => makeTaskId(now), created_at: now.toISOString(), submitted_by };
}

async function rawTasks({ options, operands }: Context): Promise<RawTask[]> {
  const { script, module, id } = options;
  const sources = [script, module, operands[0]].filter((source) => source !== undefined);
  if (sources.length !== 1) {
    const found = sources.length === 0 ? "nothing to submit" : "more than one kind of task";
    throw new WrongUsage(
      `submitting: ${found}; give files, or --script, or --module; see: dgrid help submit`,
    );
  }
  if (script !== undefined) return oneTask("--script", { script });
  if (module !== undefined) return oneTask("--module", { module: await readModuleFile(module) });
  const raw = await readTaskFiles(operands);
  if (id === undefined || raw.length <= 1) return raw;
  throw new WrongUsage(`submitting: --id: there are ${raw.length} tasks; leave it out`);
}

function oneTask(place: string, value: unknown): RawTask[] {
  return [{ place, value }];
}
