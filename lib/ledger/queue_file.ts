/**
 * Reading one file of the queue: a task, a file that must be rejected, or one to pass over.
 *
 * @module
 */
import { shardOf } from "../protocol/identity.ts";
import { parseQueuePath, queuePath, type QueuePlace } from "../protocol/layout.ts";
import { describeProblems } from "../protocol/problem.ts";
import { decodeJson } from "../protocol/record.ts";
import { checkAgainstSettings, type Settings } from "../protocol/settings.ts";
import { checkTask, isOlderForm, type Task, tooLargeRule } from "../protocol/task.ts";
import type { Oid, StoreEntry, TooLarge } from "./store.ts";

/** A task without what it runs: enough to choose by, and small however long its code is. */
export type TaskSummary = Omit<Task, "script" | "module" | "input" | "signature"> & {
  kind: "script" | "module";
};

/** A file in the queue that somebody has to deal with. */
export interface QueuedFile {
  task_id: string;
  path: string;
  blob: Oid;
  /** How large it is. */
  bytes: number;
  /** What it asks for, or why it is no task. */
  content: { task: TaskSummary } | { problem: string };
}

/** A file of the queue after reading: for a task id, or passed over. */
export type ReadFile = QueuedFile | { path: string; stray: string };

/** Reads one file of the queue. */
export function readFile(
  { path, oid, kind }: StoreEntry,
  content: Uint8Array | TooLarge | undefined,
  settings: Settings,
): ReadFile {
  const place = parseQueuePath(path);
  if (place === undefined) return { path, stray: "no task belongs at this path" };
  const read = kind === "file"
    ? readTask(place, content!, settings)
    : { problem: noPlainFile(kind) };
  const task_id = "task" in read ? read.task.task_id : place.stem;
  if (task_id === undefined) return { path, stray: "problem" in read ? read.problem : "no id" };
  return { task_id, path, blob: oid, bytes: sizeOf(content), content: read };
}

function sizeOf(content: Uint8Array | TooLarge | undefined): number {
  if (content === undefined) return 0;
  return content instanceof Uint8Array ? content.length : content.tooLarge;
}

/** What is wrong with an entry that is no plain file, and must not be read. */
export function noPlainFile(kind: StoreEntry["kind"]): string {
  return `must be a plain file, and is a ${kind === "link" ? "symbolic link" : kind}`;
}

/** A task without its code, input and signature. */
export function summaryOf(task: Task): TaskSummary {
  const { script: _script, module, input: _input, signature: _signature, ...rest } = task;
  return { ...rest, kind: module === undefined ? "script" : "module" };
}

/**
 * Of several files for one task, the one that counts: its own place before any other, so that no
 * file takes over the id of another; then a task before a broken file; then the first path.
 *
 * @returns below 0 when `a` goes before `b`
 */
export function comparePrecedence(a: QueuedFile, b: QueuedFile): number {
  const isBroken = ({ content }: QueuedFile) => "problem" in content ? 1 : 0;
  return strangeness(a) - strangeness(b) || isBroken(a) - isBroken(b) || (a.path < b.path ? -1 : 1);
}

/** 0 in the folders of its task, 1 elsewhere under its task's name, 2 under another name. */
function strangeness({ path, task_id }: QueuedFile): number {
  const { stem, folder } = parseQueuePath(path)!;
  if (stem !== task_id) return 2;
  return folder?.shard === shardOf(task_id) ? 0 : 1;
}

function readTask(
  place: QueuePlace,
  content: Uint8Array | TooLarge,
  settings: Settings,
): QueuedFile["content"] {
  if (!(content instanceof Uint8Array)) {
    return { problem: `${content.tooLarge} bytes: ${tooLargeRule()}` };
  }
  const json = decodeJson(content);
  const task = json.ok ? checkTask(withFolderPriority(json.value, place)) : json;
  const allowed = task.ok ? checkAgainstSettings(task.value, settings) : task;
  if (!allowed.ok) return { problem: describeProblems(allowed.problems) };
  const older = json.ok && isOlderForm(json.value);
  const misplaced = misplacement(place, allowed.value, older);
  return misplaced === undefined ? { task: summaryOf(allowed.value) } : { problem: misplaced };
}

/** A task that does not say its priority has that of the folder it was put into. */
function withFolderPriority(value: unknown, { folder }: QueuePlace): unknown {
  const isSilent = folder !== undefined && typeof value === "object" && value !== null &&
    !Array.isArray(value) && !Object.hasOwn(value, "priority");
  return isSilent ? { ...value, priority: folder.priority } : value;
}

/**
 * What is wrong between a task and its place. Files of the first version lay directly in the queue
 * under any name, so those may.
 */
function misplacement(place: QueuePlace, task: Task, older: boolean): string | undefined {
  if (place.folder === undefined && older) return undefined;
  if (place.stem !== task.task_id) {
    return `task_id: "${task.task_id}": must be the file's name without .json`;
  }
  if (place.folder === undefined) return undefined;
  const { priority, shard } = place.folder;
  if (priority === task.priority && shard === shardOf(task.task_id)) return undefined;
  return `must be at ${queuePath(task.task_id, task.priority)}`;
}
