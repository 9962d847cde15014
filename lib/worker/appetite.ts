/**
 * How much a worker takes, and of which shards it wants to know.
 *
 * @module
 */
import type { Ledger, ShardChoice } from "../ledger/ledger.ts";
import { shardOf, SHARDS } from "../protocol/identity.ts";
import { aheadOf, patienceMs } from "../scheduling/ahead.ts";
import { watchIntervalMs } from "../scheduling/lease.ts";
import { gatherMs } from "../scheduling/pace.ts";
import { compareRanks, type RankKey } from "../scheduling/ranking.ts";
import type { Observer } from "./observer.ts";
import type { Precedence } from "./precedence.ts";
import type { Pushes } from "./pushes.ts";
import type { Queued, QueueOrder } from "./queue_order.ts";
import type { Rhythm } from "./rhythm.ts";
import type { Slots } from "./slots.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** Where a node takes next, is where the first so many of the tasks are that nobody has begun. */
const NEXT_TASKS = 256;
/** A node that waits for the end of all work reads all shards at least so often. */
const ENDING_WATCH_MS = 5_000;

type Chosen = Pick<WorkerOptions, "clock" | "parallel" | "pollMs" | "exitWhenIdle">;

interface Parts {
  slots: Pick<Slots, "size" | "youngestMs">;
  precedence: Precedence;
  rhythm: Pick<Rhythm, "taskMs" | "tickMs">;
  order: QueueOrder;
  observer: Pick<Observer, "isLapsed">;
  /** The tasks that are in this node's hands, or may be. */
  concerned(): string[];
  pushes: Pick<Pushes, "gapMs" | "paceMs" | "takesTurn">;
}

export class Appetite {
  readonly #ledger: Ledger;
  readonly #options: Chosen;
  readonly #parts: Parts;
  /** When all shards were last read. */
  #sawAllMs = -Infinity;
  #isAskingAll = false;

  constructor(ledger: Ledger, options: Chosen, parts: Parts) {
    this.#ledger = ledger;
    this.#options = options;
    this.#parts = parts;
  }

  /** How many more attempts to take into hand. */
  get room(): number {
    const { parallel } = this.#options;
    const { slots, rhythm: { taskMs } } = this.#parts;
    const ahead = aheadOf({
      parallel,
      // What has run for so long already takes at least so long.
      taskMs: taskMs && Math.max(taskMs, slots.youngestMs ?? 0),
      pushMs: this.#pushMs,
      patienceMs: this.patienceMs,
      ...this.#share,
      othersInMs: this.#parts.pushes.gapMs,
    });
    return Math.max(0, parallel + ahead - slots.size);
  }

  /** How long an attempt may wait for its turn. */
  get patienceMs(): number {
    return patienceMs(this.#leaseMs, this.#pushMs);
  }

  /**
   * Which shards to read, should others have moved them: those of what is or may be in hand, those to
   * take from next, and those with something to be done, which others may have done. All of them now
   * and then, because somebody must see whose owner is lost; and by a node that ends when all others have
   * ended their work, those that may tell so.
   */
  wantedShards(): ShardChoice {
    const { concerned, pushes } = this.#parts;
    // Who takes turns has to know who else does: all who hold tasks.
    this.#isAskingAll = pushes.takesTurn || this.#allInMs <= 0;
    if (this.#isAskingAll) return () => true;
    const wanted = new Set([
      ...concerned().map(shardOf),
      ...this.#nextShards(),
      ...this.#pendingShards(),
      ...this.#isEnding ? SHARDS.filter((shard) => this.#restsInMs(shard) === 0) : [],
    ]);
    return (shard) => wanted.has(shard);
  }

  /** Notes that what was wanted has been read. */
  noteLook(): void {
    if (this.#isAskingAll) this.#sawAllMs = this.#options.clock.elapsedMs();
  }

  /** How long until there is a shard to read for a node that ends when all others have ended their work. */
  get restsInMs(): number {
    const unread = SHARDS.filter((shard) => !this.#ledger.isCurrent(shard));
    if (!this.#isEnding || unread.length === 0) return Infinity;
    return Math.min(...unread.map((shard) => this.#restsInMs(shard)), this.#allInMs);
  }

  /** How long until all shards are to be read. */
  get #allInMs(): number {
    const everyMs = this.#isEnding ? ENDING_WATCH_MS : Infinity;
    const nowMs = this.#options.clock.elapsedMs();
    return this.#sawAllMs + Math.min(watchIntervalMs(this.#leaseMs), everyMs) - nowMs;
  }

  /** Whether this node has nothing to do, and waits for the end of all work. */
  get #isEnding(): boolean {
    return this.#options.exitWhenIdle && this.#parts.slots.size === 0;
  }

  /**
   * How long until a shard may tell that there is nothing left to do. While others move it there is, and
   * what they finish is settled soon; so to read it then would be in vain.
   */
  #restsInMs(shard: string): number {
    const { order, precedence } = this.#parts;
    return order.shards.has(shard) ? precedence.restsInMs(shard) : 0;
  }

  /** The shards of the tasks that this node would take first, as far as it knows. */
  #nextShards(): Set<string> {
    const { order, precedence } = this.#parts;
    order.update(this.#ledger.main, precedence.territory);
    const own = this.#firstOpen(order.own, NEXT_TASKS);
    const others = this.#firstOpen(order.others, NEXT_TASKS, own[0]?.key);
    const next = others.filter(({ shard, seenMs }) => precedence.takesInMs(shard, seenMs) === 0);
    return new Set([...own, ...next].map(({ shard }) => shard));
  }

  /** The first tasks of a list that nobody has begun, as last seen; none that goes after a rank. */
  #firstOpen(tasks: readonly Queued[], most: number, last?: RankKey): Queued[] {
    const open: Queued[] = [];
    for (const queued of tasks) {
      if (open.length >= most || (last && compareRanks(queued.key, last) > 0)) break;
      const { task: { task_id }, shard } = queued;
      if (this.#ledger.stateOf(task_id, shard) === undefined) open.push(queued);
    }
    return open;
  }

  /**
   * The shards that show something which this node would settle, try again, or take away from an owner
   * that is lost; others may have done so.
   */
  #pendingShards(): string[] {
    const { observer, precedence } = this.#parts;
    return [...this.#ledger.shards].filter(([shard, { tasks }]) => {
      const isOurs = precedence.settles(shard);
      return [...tasks.values()].some(({ state }) =>
        (isOurs && ["finished", "retrying"].includes(state.status)) || observer.isLapsed(state)
      );
    }).map(([shard]) => shard);
  }

  /** What there is to take, and how many nodes share it. */
  get #share(): { open: number; nodes: number } {
    const { order, precedence } = this.#parts;
    const own = this.#openIn(order.own, (shard) => precedence.isOwn(shard));
    if (own > 0) return { open: own, nodes: precedence.sharers };
    const others = this.#openIn(order.others, (shard) => !precedence.isOwn(shard));
    return { open: others, nodes: precedence.atWork.length };
  }

  /** How many tasks of the queue wait for somebody, as last seen. */
  #openIn(tasks: readonly Queued[], isIn: (shard: string) => boolean): number {
    const begun = [...this.#ledger.shards].reduce(
      (sum, [shard, { tasks }]) => isIn(shard) ? sum + tasks.size : sum,
      0,
    );
    return Math.max(0, tasks.length - begun);
  }

  /** How long it takes until what is claimed in the next push can begin. */
  get #pushMs(): number {
    const { rhythm, pushes } = this.#parts;
    return rhythm.tickMs + Math.max(this.#options.pollMs, gatherMs(rhythm.tickMs), pushes.paceMs);
  }

  get #leaseMs(): number {
    return this.#ledger.main.settings.lease_seconds * 1000;
  }
}
