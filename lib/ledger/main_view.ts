/**
 * What a commit of the branch says: the grid's settings and the tasks that are ready.
 *
 * @module
 */
import { shardOf } from "../protocol/identity.ts";
import {
  isQueueFolder,
  parseQueuePath,
  QUEUE_FOLDER,
  queuePath,
  type QueuePlace,
  resultPaths,
} from "../protocol/layout.ts";
import { describeProblems } from "../protocol/problem.ts";
import {
  checkAgainstSettings,
  decodeSettings,
  DEFAULT_SETTINGS,
  type Settings,
  SETTINGS_PATH,
} from "../protocol/settings.ts";
import { decodeJson } from "../protocol/record.ts";
import {
  checkTask,
  isOlderForm,
  MAX_TASK_BYTES,
  type Task,
  tooLargeRule,
} from "../protocol/task.ts";
import { type Oid, type Store, type StoreEntry, type TooLarge, wholeContent } from "./store.ts";

/** A task without what it runs: enough to choose by, and small however long its code is. */
export type TaskSummary = Omit<Task, "script" | "module" | "input"> & {
  kind: "script" | "module";
};

/** A file in the queue that somebody has to deal with. */
export interface QueuedFile {
  task_id: string;
  path: string;
  blob: Oid;
  /** What it asks for, or why it is no task. */
  content: { task: TaskSummary } | { problem: string };
}

/** A commit of the branch, as far as workers care. */
export interface MainView {
  commit: Oid;
  settings: Settings;
  /** By task id. */
  queue: Map<string, QueuedFile>;
  /** Files in the queue that are passed over, and why. */
  strays: Map<string, string>;
  /** All paths in the queue of a task: more than one where it was filed twice. */
  pathsOf: Map<string, string[]>;
  /** Files in the queue of tasks that have a result already. */
  leftovers: string[];
}

/** The grid's settings are no settings: nobody may work before they are. */
export class BadSettings extends Error {
  override name = "BadSettings";
}

/**
 * Reads a commit of the branch. Of the queue, only files that were not in `before` are read.
 *
 * @throws {BadSettings} when `dgrid.json` breaks its rules
 */
export async function readMain(store: Store, commit: Oid, before?: MainView): Promise<MainView> {
  const settings = await readSettings(store, commit);
  const entries = (await store.list(commit, QUEUE_FOLDER, isQueueFolder))
    .filter(({ path }) => !path.endsWith("/.gitkeep"));
  const files = await readQueue(store, commit, settings, entries, before);
  const view: MainView = {
    commit,
    settings,
    queue: new Map(),
    strays: new Map(),
    pathsOf: new Map(),
    leftovers: [],
  };
  for (const file of files) place(view, file);
  return view;
}

async function readSettings(store: Store, commit: Oid): Promise<Settings> {
  const entry = (await store.find(commit, [SETTINGS_PATH])).get(SETTINGS_PATH);
  if (entry === undefined) return DEFAULT_SETTINGS;
  const content = wholeContent((await store.read([entry.oid], MAX_TASK_BYTES)).get(entry.oid));
  const settings = content && decodeSettings(content);
  if (settings?.ok) return settings.value;
  throw new BadSettings(
    `reading ${SETTINGS_PATH}: ${settings ? describeProblems(settings.problems) : tooLargeRule()}`,
  );
}

/** A file of the queue after reading: for a task id, or passed over. */
type ReadFile = QueuedFile | { path: string; stray: string; leftover?: true };

async function readQueue(
  store: Store,
  commit: Oid,
  settings: Settings,
  entries: StoreEntry[],
  before?: MainView,
): Promise<ReadFile[]> {
  const known = sameSettings(settings, before?.settings) ? knownFiles(before) : new Map();
  const fresh = entries.filter(({ path, oid }) => known.get(path)?.blob !== oid);
  const plain = fresh.filter((entry) => entry.kind === "file" && parseQueuePath(entry.path));
  const contents = await store.read(plain.map(({ oid }) => oid), MAX_TASK_BYTES);
  const read = fresh.map((entry) => readFile(entry, contents.get(entry.oid), settings));
  const checked = await withoutSettled(store, commit, read);
  const old = entries.flatMap(({ path, oid }) => {
    const file = known.get(path);
    return file?.blob === oid ? [file] : [];
  });
  return [...old, ...checked].sort((a, b) => a.path < b.path ? -1 : 1);
}

function knownFiles(before?: MainView): Map<string, QueuedFile> {
  return new Map([...before?.queue.values() ?? []].map((file) => [file.path, file]));
}

function sameSettings(a: Settings, b?: Settings): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Reads one file of the queue: a task, a file that must be rejected, or one to pass over. */
function readFile(
  { path, oid, kind }: StoreEntry,
  content: Uint8Array | TooLarge | undefined,
  settings: Settings,
): ReadFile {
  const place = parseQueuePath(path);
  if (place === undefined) return { path, stray: "no task belongs at this path" };
  const read = kind === "file"
    ? readTask(place, content!, settings)
    : { problem: `must be a plain file, and is a ${kind === "link" ? "symbolic link" : kind}` };
  const task_id = "task" in read ? read.task.task_id : place.stem;
  if (task_id === undefined) return { path, stray: "problem" in read ? read.problem : "no id" };
  return { task_id, path, blob: oid, content: read };
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

/** A task without its code and input. */
export function summaryOf(task: Task): TaskSummary {
  const { script: _script, module, input: _input, ...rest } = task;
  return { ...rest, kind: module === undefined ? "script" : "module" };
}

/** Passes over tasks that have a result already: nothing runs twice because a file came back. */
async function withoutSettled(store: Store, commit: Oid, files: ReadFile[]): Promise<ReadFile[]> {
  const ids = files.flatMap((file) => "task_id" in file ? [file.task_id] : []);
  const found = await store.find(commit, ids.flatMap(resultPaths));
  if (found.size === 0) return files;
  return files.map((file) => {
    const settled = "task_id" in file && resultPaths(file.task_id).find((path) => found.has(path));
    if (!settled) return file;
    return { path: file.path, stray: `it has a result already, ${settled}`, leftover: true };
  });
}

/** Puts a file into the view. Of several with one id a task is preferred, then the first path. */
function place(view: MainView, file: ReadFile): void {
  if (!("task_id" in file)) {
    view.strays.set(file.path, file.stray);
    if (file.leftover) view.leftovers.push(file.path);
    return;
  }
  const { task_id, path } = file;
  const other = view.queue.get(task_id);
  view.pathsOf.set(task_id, [...view.pathsOf.get(task_id) ?? [], path]);
  if (other === undefined || ("problem" in other.content && "task" in file.content)) {
    view.queue.set(task_id, file);
  }
  if (other !== undefined) view.strays.set(path, `${task_id} is in the queue twice`);
}
