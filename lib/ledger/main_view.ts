/**
 * What a commit of the branch says: the grid's settings and the tasks that are ready.
 *
 * @module
 */
import { isQueueFolder, parseQueuePath, QUEUE_FOLDER, resultPaths } from "../protocol/layout.ts";
import { describeProblems } from "../protocol/problem.ts";
import {
  decodeSettings,
  DEFAULT_SETTINGS,
  type Settings,
  SETTINGS_PATH,
} from "../protocol/settings.ts";
import { MAX_TASK_BYTES, tooLargeRule } from "../protocol/task.ts";
import {
  comparePrecedence,
  noPlainFile,
  type QueuedFile,
  type ReadFile,
  readFile,
} from "./queue_file.ts";
import { readInBatches } from "./read_in_batches.ts";
import { type Oid, type Store, type StoreEntry, wholeContent } from "./store.ts";

export type { QueuedFile, TaskSummary } from "./queue_file.ts";

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
  place(view, files);
  return view;
}

/**
 * The grid's settings as a commit of the branch has them.
 *
 * @throws {BadSettings} when `dgrid.json` breaks its rules
 */
export async function readSettings(store: Store, commit: Oid): Promise<Settings> {
  const entry = (await store.find(commit, [SETTINGS_PATH])).get(SETTINGS_PATH);
  if (entry === undefined) return DEFAULT_SETTINGS;
  if (entry.kind !== "file") throw badSettings(noPlainFile(entry.kind));
  const content = wholeContent((await store.read([entry.oid], MAX_TASK_BYTES)).get(entry.oid));
  if (content === undefined) throw badSettings(tooLargeRule());
  const settings = decodeSettings(content);
  if (!settings.ok) throw badSettings(describeProblems(settings.problems));
  return settings.value;
}

function badSettings(why: string): BadSettings {
  return new BadSettings(`reading ${SETTINGS_PATH}: ${why}`);
}

async function readQueue(
  store: Store,
  commit: Oid,
  settings: Settings,
  entries: StoreEntry[],
  before?: MainView,
): Promise<ReadFile[]> {
  const known = sameSettings(settings, before?.settings) ? knownFiles(before) : new Map();
  const isKnown = ({ path, oid }: StoreEntry) => known.get(path)?.blob === oid;
  const fresh = await readFiles(store, entries.filter((entry) => !isKnown(entry)), settings);
  const old = entries.filter(isKnown).map(({ path }): QueuedFile => known.get(path)!);
  // The known ones too: a file may have been settled and come back between two looks.
  const files = await withoutSettled(store, commit, [...old, ...fresh]);
  return files.sort((a, b) => a.path < b.path ? -1 : 1);
}

function knownFiles(before?: MainView): Map<string, QueuedFile> {
  return new Map([...before?.queue.values() ?? []].map((file) => [file.path, file]));
}

function sameSettings(a: Settings, b?: Settings): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Reads files of the queue; of each batch, only what a worker chooses by is kept. */
async function readFiles(
  store: Store,
  entries: StoreEntry[],
  settings: Settings,
): Promise<ReadFile[]> {
  const isPlain = ({ kind, path }: StoreEntry) => kind === "file" && !!parseQueuePath(path);
  const files = entries.filter((entry) => !isPlain(entry))
    .map((entry) => readFile(entry, undefined, settings));
  const plain = Map.groupBy(entries.filter(isPlain), ({ oid }) => oid);
  for await (const contents of readInBatches(store, [...plain.keys()], MAX_TASK_BYTES)) {
    for (const [oid, content] of contents) {
      for (const entry of plain.get(oid)!) files.push(readFile(entry, content, settings));
    }
  }
  return files;
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

/** Puts files into the view, each id once. */
function place(view: MainView, files: ReadFile[]): void {
  const queued: QueuedFile[] = [];
  for (const file of files) {
    if ("task_id" in file) {
      queued.push(file);
      continue;
    }
    view.strays.set(file.path, file.stray);
    if (file.leftover) view.leftovers.push(file.path);
  }
  for (const [task_id, twins] of Map.groupBy(queued, (file) => file.task_id)) {
    const [first, ...others] = twins.sort(comparePrecedence);
    view.queue.set(task_id, first);
    view.pathsOf.set(task_id, twins.map(({ path }) => path));
    for (const { path } of others) {
      view.strays.set(path, `${task_id} is in the queue twice, and ${first.path} counts`);
    }
  }
}
