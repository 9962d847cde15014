/**
 * The queue as a commit of the branch has it, brought from one commit to the next by what differs.
 *
 * @module
 */
import { comparePrecedence, type QueuedFile, type ReadFile } from "./queue_file.ts";

/** What has changed in the queue. */
export interface QueueChange {
  /** Paths at which there is no file any more, or another. */
  gone: readonly string[];
  /** Files that were read anew. */
  files: readonly ReadFile[];
  /** Tasks whose result came or went. */
  settled: readonly string[];
}

export class QueueView {
  /** By task id. */
  readonly queue = new Map<string, QueuedFile>();
  /** Files in the queue that are passed over, and why. */
  readonly strays = new Map<string, string>();
  /** All paths in the queue of a task: more than one where it was filed twice. */
  readonly pathsOf = new Map<string, string[]>();
  readonly #files = new Map<string, ReadFile>();
  readonly #filesOf = new Map<string, Set<string>>();
  readonly #leftovers = new Set<string>();
  #changes = 0;

  /** How often it has changed: who keeps something made of it sees whether to make it anew. */
  get changes(): number {
    return this.#changes;
  }

  /** Files in the queue of tasks that have a result already. */
  get leftovers(): string[] {
    return [...this.#leftovers].sort();
  }

  /** Which of the tasks whose standing a change may change would still have files in the queue. */
  concerned({ gone, files, settled }: QueueChange): string[] {
    const ids = new Set(settled.filter((id) => this.#filesOf.has(id)));
    for (const path of gone) addId(ids, this.#files.get(path));
    for (const file of files) addId(ids, file);
    return [...ids];
  }

  /**
   * Applies a change.
   *
   * @param resultOf where the result of a task is, of those that {@link concerned} gave
   */
  apply(change: QueueChange, resultOf: ReadonlyMap<string, string>): void {
    const ids = this.concerned(change);
    for (const path of change.gone) this.#remove(path);
    for (const file of change.files) this.#add(file);
    for (const id of ids) this.#place(id, resultOf.get(id));
    this.#changes++;
  }

  #remove(path: string): void {
    const file = this.#files.get(path);
    this.#files.delete(path);
    this.strays.delete(path);
    this.#leftovers.delete(path);
    if (file === undefined || !("task_id" in file)) return;
    const paths = this.#filesOf.get(file.task_id)!;
    paths.delete(path);
    if (paths.size === 0) this.#filesOf.delete(file.task_id);
  }

  #add(file: ReadFile): void {
    this.#files.set(file.path, file);
    if (!("task_id" in file)) {
      this.strays.set(file.path, file.stray);
      return;
    }
    const paths = this.#filesOf.get(file.task_id) ?? new Set();
    this.#filesOf.set(file.task_id, paths.add(file.path));
  }

  /** Decides which of a task's files counts, if any. */
  #place(id: string, result?: string): void {
    this.queue.delete(id);
    this.pathsOf.delete(id);
    const twins = [...this.#filesOf.get(id) ?? []].map((path) =>
      this.#files.get(path) as QueuedFile
    );
    for (const { path } of twins) {
      this.strays.delete(path);
      this.#leftovers.delete(path);
      // Nothing runs twice because a file came back.
      if (result === undefined) continue;
      this.strays.set(path, `it has a result already, ${result}`);
      this.#leftovers.add(path);
    }
    if (result === undefined && twins.length > 0) this.#count(id, twins);
  }

  #count(id: string, twins: QueuedFile[]): void {
    const [first, ...others] = twins.sort(comparePrecedence);
    this.queue.set(id, first);
    this.pathsOf.set(id, twins.map(({ path }) => path));
    for (const { path } of others) {
      this.strays.set(path, `${id} is in the queue twice, and ${first.path} counts`);
    }
  }
}

function addId(ids: Set<string>, file: ReadFile | undefined): void {
  if (file !== undefined && "task_id" in file) ids.add(file.task_id);
}
