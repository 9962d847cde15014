/**
 * The queue in the order in which a node takes from it. It is kept from look to look: a queue that
 * changes a little is sorted in hardly more than one walk over it.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { MainView, QueuedFile, TaskSummary } from "../ledger/main_view.ts";
import { compareRanks, type RankKey, rankKeyOf } from "../scheduling/ranking.ts";

/** A task in the queue. */
export interface Queued {
  file: QueuedFile;
  task: TaskSummary;
  key: RankKey;
  /** When this process first saw it, by the clock's `elapsedMs`. */
  seenMs: number;
}

export class QueueOrder {
  #start = -1;
  #seen?: { files: MainView["files"]; changes: number };
  #sorted: Queued[] = [];
  #broken: QueuedFile[] = [];

  constructor(private readonly clock: Pick<Clock, "elapsedMs">) {}

  /** The tasks, the first to take first. */
  get sorted(): readonly Queued[] {
    return this.#sorted;
  }

  /** The files that are no tasks. */
  get broken(): readonly QueuedFile[] {
    return this.#broken;
  }

  /**
   * Brings the order up to date.
   *
   * @param start the index of the shard at which the node begins
   */
  update({ files, queue }: Pick<MainView, "files" | "queue">, start: number): void {
    const { changes } = files;
    if (start !== this.#start) this.#sorted = this.#sorted.map((it) => rankedFrom(start, it));
    const isSame = this.#seen?.files === files && this.#seen.changes === changes;
    if (isSame && start === this.#start) return;
    this.#start = start;
    this.#seen = { files, changes };
    const kept = this.#sorted.filter(({ file }) => queue.get(file.task_id) === file);
    const known = new Set(kept.map(({ file }) => file));
    const fresh = [...queue.values()].filter((file) => !known.has(file));
    const nowMs = this.clock.elapsedMs();
    // Mostly sorted already, which is what the engine's sort is best at.
    this.#sorted = [...kept, ...fresh.flatMap((file) => queuedOf(file, start, nowMs))]
      .sort((a, b) => compareRanks(a.key, b.key));
    this.#broken = [...queue.values()].filter(({ content }) => "problem" in content);
  }
}

/** The same task, ranked for a node that begins elsewhere. */
function rankedFrom(start: number, queued: Queued): Queued {
  return { ...queued, key: rankKeyOf(queued.task, start) };
}

/** A file with its rank; nothing where it is no task. */
export function queuedOf(file: QueuedFile, start: number, seenMs: number): Queued[] {
  if ("problem" in file.content) return [];
  const { task } = file.content;
  return [{ file, task, key: rankKeyOf(task, start), seenMs }];
}
