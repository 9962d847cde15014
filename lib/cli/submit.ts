/**
 * `dgrid submit`: puts tasks into the queue.
 *
 * @module
 */
import { type NewTask, submitStream } from "../ledger/submit.ts";
import {
  type CheckedTask,
  checkTasks,
  type Completion,
  overridesOf,
  withinCeilings,
} from "./check_tasks.ts";
import type { Command, Context } from "./context.ts";
import { InputProblems } from "./input_problems.ts";
import { openGrid, userOf } from "./open_grid.ts";
import { WrongUsage } from "./problems.ts";
import { resumed } from "./resumed.ts";
import type { RawTask } from "./split_tasks.ts";
import { readModuleFile, readTaskFiles } from "./task_file.ts";
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
    const user = await userOf(context.env);
    const problems = new InputProblems();
    const batches = checkTasks(rawTasks(context), {
      completion: completionBy(user.email),
      overrides: overridesOf(options),
      problems,
    });
    // What is wrong with a small input is said before the repository is asked.
    const first = await batches.next();
    await using grid = await openGrid(context, user);
    const { ledger } = grid;
    const { commit, task_ids, settings } = await submitStream(
      ledger,
      (ceilings) => newTasks(withinCeilings(resumed(first, batches), ceilings, problems)),
    );
    if (!options.json) terminal.print(task_ids.join("\n"));
    await wakeWorkers(context, ledger, settings);
    if (!options.wait) return options.json ? terminal.printJson({ commit, task_ids }) : undefined;
    await ledger.refresh();
    await waitForTasks(ledger, task_ids, {
      onEnd: (line) => options.json || terminal.tell(line),
      onAll: (results) => options.json && terminal.printJson({ commit, task_ids, results }),
    });
  },
};

async function* newTasks(checked: AsyncIterable<CheckedTask>): AsyncGenerator<NewTask> {
  for await (const { task: { task_id, priority }, bytes } of checked) {
    yield { task_id, priority, bytes };
  }
}

/** What tasks are given that lack it. */
export function completionBy(submitted_by: string): Completion {
  const now = new Date();
  return { makeId: () => makeTaskId(now), created_at: now.toISOString(), submitted_by };
}

async function* rawTasks({ options, operands }: Context): AsyncGenerator<RawTask> {
  const { script, module, id } = options;
  const sources = [script, module, operands[0]].filter((source) => source !== undefined);
  if (sources.length !== 1) {
    const found = sources.length === 0 ? "nothing to submit" : "more than one kind of task";
    throw new WrongUsage(
      `submitting: ${found}; give files, or --script, or --module; see: dgrid help submit`,
    );
  }
  if (script !== undefined) yield { place: "--script", value: { script } };
  else if (module !== undefined) {
    yield { place: "--module", value: { module: await readModuleFile(module) } };
  } else yield* id === undefined ? readTaskFiles(operands) : onlyTask(readTaskFiles(operands));
}

/** The only task of an input, which --id is for. */
async function* onlyTask(raw: AsyncIterable<RawTask>): AsyncGenerator<RawTask> {
  let first: RawTask | undefined;
  let count = 0;
  for await (const one of raw) {
    first ??= one;
    count++;
  }
  if (count > 1) throw new WrongUsage(`submitting: --id: there are ${count} tasks; leave it out`);
  if (first !== undefined) yield first;
}
