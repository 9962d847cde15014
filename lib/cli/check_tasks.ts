/**
 * Turns what stands in task files into tasks, or says everything that is wrong with it.
 *
 * @module
 */
import type { Problem } from "../protocol/problem.ts";
import { encodeRecord } from "../protocol/record.ts";
import { checkAgainstSettings, type Settings } from "../protocol/settings.ts";
import {
  checkTask,
  isOlderForm,
  MAX_TASK_BYTES,
  type Task,
  tooLargeRule,
} from "../protocol/task.ts";
import type { InputProblems } from "./input_problems.ts";
import type { OptionValues } from "./options.ts";
import type { RawTask } from "./split_tasks.ts";

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

/** A task that keeps all rules which need no grid. */
export interface CheckedTask {
  /** Where it came from, for messages. */
  place: string;
  task: Task;
  /** Its record. */
  bytes: Uint8Array;
}

export interface CheckOptions {
  completion: Completion;
  overrides?: Overrides;
  /** Where what is wrong is noted. */
  problems: InputProblems;
}

/**
 * Checks tasks as they come and hands them on in batches, until one is wrong. Then nothing more is
 * handed on, but the rest is checked too, so that everything wrong is said at once.
 *
 * @throws {InvalidInput} at the end, with a line for each problem: place, field, value, rule
 */
export async function* checkTasks(
  raw: AsyncIterable<RawTask> | Iterable<RawTask>,
  { completion, overrides = {}, problems }: CheckOptions,
): AsyncGenerator<CheckedTask[]> {
  const placeOf = new Map<string, string>();
  let batch = new Batch();
  for await (const one of raw) {
    const checked = checkRaw(one, completion, overrides);
    problems.note(one.place, checked.problems);
    if (checked.task === undefined) continue;
    const { task_id } = checked.task;
    const twin = placeOf.get(task_id);
    if (twin !== undefined) {
      const rule = `must be unique, and stands in ${twin} too`;
      problems.note(one.place, [{ field: "task_id", found: `"${task_id}"`, rule }]);
    }
    placeOf.set(task_id, one.place);
    if (problems.count > 0) continue;
    batch.add({ place: one.place, task: checked.task, bytes: checked.bytes });
    if (!batch.isFull) continue;
    yield batch.tasks;
    batch = new Batch();
  }
  problems.refuse();
  yield batch.tasks;
}

/**
 * Holds tasks to the ceilings of their grid.
 *
 * @throws {InvalidInput} at the end, with a line for each problem
 */
export async function* withinCeilings(
  batches: AsyncIterable<CheckedTask[]>,
  settings: Settings,
  problems: InputProblems,
): AsyncGenerator<CheckedTask> {
  for await (const batch of batches) {
    for (const one of batch) {
      const allowed = checkAgainstSettings(one.task, settings);
      if (!allowed.ok) problems.note(one.place, allowed.problems);
      else if (problems.count === 0) yield one;
    }
  }
  problems.refuse();
}

/** So many tasks, or bytes of them, are checked before they are handed on. */
const BATCH_TASKS = 1_000;
const BATCH_BYTES = 4 * 1_048_576;

class Batch {
  readonly tasks: CheckedTask[] = [];
  #bytes = 0;

  get isFull(): boolean {
    return this.tasks.length >= BATCH_TASKS || this.#bytes >= BATCH_BYTES;
  }

  add(task: CheckedTask): void {
    this.tasks.push(task);
    this.#bytes += task.bytes.length;
  }
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
type Checked = { task?: undefined; problems: Problem[] } | {
  task: Task;
  bytes: Uint8Array;
  problems: Problem[];
};

function checkRaw(raw: RawTask, completion: Completion, overrides: Overrides): Checked {
  if ("problem" in raw) return { problems: [{ field: "", rule: raw.problem }] };
  const checked = checkTask(completed(raw.value, completion, overrides));
  if (!checked.ok) return { problems: checked.problems };
  const bytes = encodeRecord(checked.value);
  return { task: checked.value, bytes, problems: sizeProblems(bytes) };
}

/** The size that counts is that of the file in the ledger. */
function sizeProblems({ length }: Uint8Array): Problem[] {
  if (length <= MAX_TASK_BYTES) return [];
  return [{ field: "", found: `${length} bytes`, rule: tooLargeRule() }];
}
