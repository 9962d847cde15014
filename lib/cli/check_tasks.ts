/**
 * Turns what stands in task files into tasks, or says everything that is wrong with it.
 *
 * @module
 */
import { describeProblem, InvalidInput, type Problem } from "../protocol/problem.ts";
import { encodeRecord } from "../protocol/record.ts";
import { checkAgainstSettings, type Settings } from "../protocol/settings.ts";
import {
  checkTask,
  isOlderForm,
  MAX_TASK_BYTES,
  type Task,
  tooLargeRule,
} from "../protocol/task.ts";
import type { OptionValues } from "./options.ts";
import { inOneLine } from "./printable.ts";
import type { RawTask } from "./task_file.ts";

/** What is set in every task that lacks it. */
export interface Completion {
  makeId(): string;
  created_at: string;
  submitted_by: string;
}

/** Fields that options set in every task, whatever its file says. */
export type Overrides = Partial<Record<keyof Task, unknown>>;

/** The fields that the options of `submit` set. */
export function overridesOf(options: OptionValues): Overrides {
  const { id, image, input, priority, retries, timeout, label } = options;
  const fields: Overrides = { task_id: id, image, input, priority, retries };
  fields.timeout_seconds = timeout;
  if (Object.keys(label).length > 0) fields.labels = label;
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/**
 * Checks all tasks.
 *
 * @throws {InvalidInput} with one line for each problem: place, field, value, rule
 */
export function checkTasks(
  raw: RawTask[],
  completion: Completion,
  overrides: Overrides = {},
): Task[] {
  const problems: string[] = [];
  const placeOf = new Map<string, string>();
  const tasks: Task[] = [];
  for (const { place, ...read } of raw) {
    const checked: Checked = "problem" in read
      ? { problems: [{ field: "", rule: read.problem }] }
      : checkOne(completed(read.value, completion, overrides));
    problems.push(...linesFor(place, checked.problems));
    if (checked.task === undefined) continue;
    const { task_id } = checked.task;
    const twin = placeOf.get(task_id);
    if (twin !== undefined) {
      problems.push(`${place}: task_id: "${task_id}": must be unique, and stands in ${twin} too`);
    }
    placeOf.set(task_id, place);
    tasks.push(checked.task);
  }
  refuse(problems);
  return tasks;
}

/**
 * Checks tasks against the ceilings of their grid.
 *
 * @param raw where the tasks come from, one by one
 * @throws {InvalidInput} with one line for each problem
 */
export function checkCeilings(raw: RawTask[], tasks: Task[], settings: Settings): void {
  refuse(tasks.flatMap((task, index) => {
    const allowed = checkAgainstSettings(task, settings);
    return allowed.ok ? [] : linesFor(raw[index].place, allowed.problems);
  }));
}

function refuse(lines: string[]): void {
  if (lines.length === 0) return;
  const count = lines.length === 1 ? [] : [`${lines.length} problems; mend them and try again`];
  throw new InvalidInput([...lines.map(inOneLine), ...count].join("\n"));
}

function linesFor(place: string, problems: Problem[]): string[] {
  return problems.map((problem) => `${place}: ${describeProblem(problem)}`);
}

/** A task with what the options say and what it lacks; anything but an object stays as it is. */
function completed(value: unknown, completion: Completion, overrides: Overrides): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { makeId, ...lacking } = completion;
  const fields = value as Record<string, unknown>;
  // A task of the older form has older names, and must not have both.
  const idName = isOlderForm(value) ? "id" : "task_id";
  const timeName = Object.hasOwn(fields, "timeout") ? "timeout" : "timeout_seconds";
  const { task_id, timeout_seconds, ...others } = overrides;
  return {
    ...lacking,
    ...fields,
    ...others,
    ...timeout_seconds === undefined ? {} : { [timeName]: timeout_seconds },
    [idName]: task_id ?? (Object.hasOwn(fields, idName) ? fields[idName] : makeId()),
  };
}

/** What a value is, if it is a task, and what is wrong with it. */
interface Checked {
  task?: Task;
  problems: Problem[];
}

function checkOne(value: unknown): Checked {
  const task = checkTask(value);
  if (!task.ok) return { problems: task.problems };
  return { task: task.value, problems: sizeProblems(task.value) };
}

/** The size that counts is that of the file in the ledger. */
function sizeProblems(task: Task): Problem[] {
  const { length } = encodeRecord(task);
  if (length <= MAX_TASK_BYTES) return [];
  return [{ field: "", found: `${length} bytes`, rule: tooLargeRule() }];
}
