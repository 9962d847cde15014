/**
 * What a commit of the branch says: the grid's settings and the tasks that are ready.
 *
 * @module
 */
import {
  isQueueFolder,
  isResultFolder,
  parseQueuePath,
  QUEUE_FOLDER,
  RESULT_FOLDERS,
  resultPaths,
  taskOfResult,
  TASKS_FOLDER,
} from "../protocol/layout.ts";
import { describeProblems } from "../protocol/problem.ts";
import {
  decodeSettings,
  DEFAULT_SETTINGS,
  type Settings,
  SETTINGS_PATH,
} from "../protocol/settings.ts";
import { MAX_TASK_BYTES, tooLargeRule } from "../protocol/task.ts";
import { noPlainFile, type QueuedFile, type ReadFile, readFile } from "./queue_file.ts";
import { type QueueChange, QueueView } from "./queue_view.ts";
import { readInBatches } from "./read_in_batches.ts";
import { type Oid, type Store, type StoreEntry, wholeContent } from "./store.ts";

export type { QueuedFile, TaskSummary } from "./queue_file.ts";

/** A commit of the branch, as far as workers care. The view of a later commit goes on from it. */
export class MainView {
  constructor(
    readonly commit: Oid = "",
    readonly settings: Settings = DEFAULT_SETTINGS,
    readonly files: QueueView = new QueueView(),
    /** The content of `dgrid.json`; undefined where there is none. */
    readonly settingsBlob?: Oid,
  ) {}

  /** The tasks that are ready, by their ids. */
  get queue(): ReadonlyMap<string, QueuedFile> {
    return this.files.queue;
  }

  /** Files in the queue that are passed over, and why. */
  get strays(): ReadonlyMap<string, string> {
    return this.files.strays;
  }

  /** All paths in the queue of a task: more than one where it was filed twice. */
  get pathsOf(): ReadonlyMap<string, string[]> {
    return this.files.pathsOf;
  }

  /** Files in the queue of tasks that have a result already. */
  get leftovers(): string[] {
    return this.files.leftovers;
  }
}

/** The grid's settings are no settings: nobody may work before they are. */
export class BadSettings extends Error {
  override name = "BadSettings";
}

/**
 * Reads a commit of the branch. With an earlier one at hand, only what differs is read: the trees on
 * the way to it, and the files that are new.
 *
 * @param before the view of another commit; it shows the queue of the new one afterwards
 * @throws {BadSettings} when `dgrid.json` breaks its rules
 */
export async function readMain(store: Store, commit: Oid, before?: MainView): Promise<MainView> {
  const file = await settingsFile(store, commit);
  const isKnown = before !== undefined && before.settingsBlob === file?.oid;
  const settings = isKnown ? before.settings : await settingsIn(store, file);
  const isGoingOn = isKnown || (before !== undefined && sameSettings(settings, before.settings));
  const queue = isGoingOn ? before.files : new QueueView();
  const change = isGoingOn
    ? await differences(store, before.commit, commit, settings)
    : await wholeQueue(store, commit, settings);
  queue.apply(change, await resultsAmong(store, commit, queue.concerned(change)));
  return new MainView(commit, settings, queue, file?.oid);
}

/**
 * The grid's settings as a commit of the branch has them.
 *
 * @throws {BadSettings} when `dgrid.json` breaks its rules
 */
export async function readSettings(store: Store, commit: Oid): Promise<Settings> {
  return await settingsIn(store, await settingsFile(store, commit));
}

/** @throws {BadSettings} when what stands there is no plain file */
async function settingsFile(store: Store, commit: Oid): Promise<StoreEntry | undefined> {
  const entry = (await store.find(commit, [SETTINGS_PATH])).get(SETTINGS_PATH);
  if (entry !== undefined && entry.kind !== "file") throw badSettings(noPlainFile(entry.kind));
  return entry;
}

async function settingsIn(store: Store, file: StoreEntry | undefined): Promise<Settings> {
  if (file === undefined) return DEFAULT_SETTINGS;
  const content = wholeContent((await store.read([file.oid], MAX_TASK_BYTES)).get(file.oid));
  if (content === undefined) throw badSettings(tooLargeRule());
  const settings = decodeSettings(content);
  if (!settings.ok) throw badSettings(describeProblems(settings.problems));
  return settings.value;
}

function badSettings(why: string): BadSettings {
  return new BadSettings(`reading ${SETTINGS_PATH}: ${why}`);
}

async function wholeQueue(store: Store, commit: Oid, settings: Settings): Promise<QueueChange> {
  const entries = await store.list(commit, QUEUE_FOLDER, isQueueFolder);
  return { gone: [], files: await readFiles(store, entries, settings), settled: [] };
}

/** What differs between two commits of the branch. */
async function differences(
  store: Store,
  before: Oid,
  commit: Oid,
  settings: Settings,
): Promise<QueueChange> {
  const changes = await store.diff({ before, after: commit }, TASKS_FOLDER, isTaskFolder);
  const inQueue = changes.filter(({ path }) => path.startsWith(`${QUEUE_FOLDER}/`));
  const fresh = inQueue.flatMap(({ after }) => after === undefined ? [] : [after]);
  return {
    gone: inQueue.flatMap(({ path, before }) => before === undefined ? [] : [path]),
    files: await readFiles(store, fresh, settings),
    settled: changes.flatMap(({ path }) => taskOfResult(path) ?? []),
  };
}

function isTaskFolder(path: string): boolean {
  return path === QUEUE_FOLDER || RESULT_FOLDERS.includes(path) || isQueueFolder(path) ||
    isResultFolder(path);
}

function sameSettings(a: Settings, b: Settings): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Reads files of the queue; of each batch, only what a worker chooses by is kept. */
async function readFiles(
  store: Store,
  entries: StoreEntry[],
  settings: Settings,
): Promise<ReadFile[]> {
  const wanted = entries.filter(({ path }) => !path.endsWith("/.gitkeep"));
  const isPlain = ({ kind, path }: StoreEntry) => kind === "file" && !!parseQueuePath(path);
  const files = wanted.filter((entry) => !isPlain(entry))
    .map((entry) => readFile(entry, undefined, settings));
  const plain = Map.groupBy(wanted.filter(isPlain), ({ oid }) => oid);
  for await (const contents of readInBatches(store, [...plain.keys()], MAX_TASK_BYTES)) {
    for (const [oid, content] of contents) {
      for (const entry of plain.get(oid)!) files.push(readFile(entry, content, settings));
    }
  }
  return files;
}

/** Where the results of tasks are, of those that have one. */
async function resultsAmong(
  store: Store,
  commit: Oid,
  ids: string[],
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const found = await store.find(commit, ids.flatMap(resultPaths));
  return new Map(ids.flatMap((id): [string, string][] => {
    const path = resultPaths(id).find((path) => found.has(path));
    return path === undefined ? [] : [[id, path]];
  }));
}
