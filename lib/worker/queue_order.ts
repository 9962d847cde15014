/**
 * The queue in the order in which a node takes from it. It is kept from look to look: a queue that
 * changes a little is sorted in hardly more than one walk over it.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { MainView, QueuedFile, TaskSummary } from "../ledger/main_view.ts";
import { shardOf } from "../protocol/identity.ts";
import type { Territory } from "../scheduling/precedence.ts";
import { compareRanks, type RankKey, rankKeyOf } from "../scheduling/ranking.ts";

/** A task in the queue. */
export interface Queued {
  file: QueuedFile;
  task: TaskSummary;
  shard: string;
  key: RankKey;
  /** When this process first saw it, by the clock's `elapsedMs`. */
  seenMs: number;
}

export class QueueOrder {
  #territory?: Territory;
  #seen?: { files: MainView["files"]; changes: number };
  #own: Queued[] = [];
  #others: Queued[] = [];
  #broken: QueuedFile[] = [];
  #shards: ReadonlySet<string> = new Set();

  constructor(private readonly clock: Pick<Clock, "elapsedMs">) {}

  /** The tasks in the node's own shards, the first to take first. */
  get own(): readonly Queued[] {
    return this.#own;
  }

  /** The tasks in the other shards, the first to take first. */
  get others(): readonly Queued[] {
    return this.#others;
  }

  /** The shards that have tasks in the queue. */
  get shards(): ReadonlySet<string> {
    return this.#shards;
  }

  /** The files that are no tasks. */
  get broken(): readonly QueuedFile[] {
    return this.#broken;
  }

  /**
   * Brings the order up to date.
   *
   * @param territory the shards of the node
   */
  update({ files, queue }: Pick<MainView, "files" | "queue">, territory: Territory): void {
    const { changes } = files;
    const isSame = this.#seen?.files === files && this.#seen.changes === changes;
    const isMoved = this.#territory !== territory;
    if (isSame && !isMoved) return;
    const former = [...this.#own, ...this.#others]
      .filter(({ file }) => queue.get(file.task_id) === file);
    const kept = isMoved ? former.map((one) => rankedAnew(one, territory)) : former;
    const known = new Set(former.map(({ file }) => file));
    const nowMs = this.clock.elapsedMs();
    const fresh = [...queue.values()].filter((file) => !known.has(file))
      .flatMap((file) => queuedOf(file, territory, nowMs));
    // Mostly sorted already, which is what the engine's sort is best at.
    const sorted = [...kept, ...fresh].sort((a, b) => compareRanks(a.key, b.key));
    const isOwn = ({ key: [, , distance] }: Queued) => distance < territory.own;
    this.#own = sorted.filter(isOwn);
    this.#others = sorted.filter((queued) => !isOwn(queued));
    this.#broken = [...queue.values()].filter(({ content }) => "problem" in content);
    this.#shards = new Set(sorted.map(({ shard }) => shard));
    this.#territory = territory;
    this.#seen = { files, changes };
  }
}

/** A file with its rank; nothing where it is no task. */
export function queuedOf(file: QueuedFile, territory: Territory, seenMs: number): Queued[] {
  if ("problem" in file.content) return [];
  const { task } = file.content;
  const shard = shardOf(task.task_id);
  return [{ file, task, shard, key: rankKeyOf(task, territory, shard), seenMs }];
}

/** The same task, ranked for a node with other shards. */
function rankedAnew(queued: Queued, territory: Territory): Queued {
  return { ...queued, key: rankKeyOf(queued.task, territory, queued.shard) };
}
