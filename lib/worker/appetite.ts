/**
 * How much a worker takes, and of which shards it wants to know.
 *
 * @module
 */
import type { Ledger, ShardChoice } from "../ledger/ledger.ts";
import { shardOf } from "../protocol/identity.ts";
import { aheadOf, patienceMs } from "../scheduling/ahead.ts";
import { watchIntervalMs } from "../scheduling/lease.ts";
import { GATHER_MS } from "../scheduling/pace.ts";
import { startShardOf } from "../scheduling/ranking.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Pushes } from "./pushes.ts";
import type { QueueOrder } from "./queue_order.ts";
import type { Rhythm } from "./rhythm.ts";
import type { Slots } from "./slots.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** Where a node takes next, is where the first so many of the tasks are that nobody has begun. */
const NEXT_TASKS = 256;

type Chosen = Pick<
  WorkerOptions,
  "nodeId" | "clock" | "parallel" | "pollMs" | "exitWhenIdle"
>;

interface Parts {
  slots: Slots;
  neighbours: Neighbours;
  rhythm: Rhythm;
  order: QueueOrder;
  /** The tasks that are in this node's hands, or may be. */
  concerned(): string[];
  pushes: Pick<Pushes, "paceMs" | "takesTurn">;
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

  /** The index of the shard at which this node begins. */
  get start(): number {
    const { nodeId, clock } = this.#options;
    return startShardOf(nodeId, this.#parts.neighbours.since(clock.elapsedMs() - this.#leaseMs));
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
      open: this.#openCount,
      nodes: this.#nodeCount,
    });
    return Math.max(0, parallel + ahead - slots.size);
  }

  /** How long an attempt may wait for its turn. */
  get patienceMs(): number {
    return patienceMs(this.#leaseMs, this.#pushMs);
  }

  /**
   * Which shards to read, should others have moved them: those of what is or may be in hand, those to take from
   * next, and those with something to settle, which others may have settled. All of them now and then, because somebody must see whose owner is lost; and always by
   * a node that ends when all others have ended their work.
   */
  wantedShards(): ShardChoice {
    const { clock, exitWhenIdle } = this.#options;
    const { slots, concerned, pushes } = this.#parts;
    const isDue = clock.elapsedMs() - this.#sawAllMs >= watchIntervalMs(this.#leaseMs);
    // Who takes turns has to know who else does: all who hold tasks.
    this.#isAskingAll = isDue || pushes.takesTurn || (exitWhenIdle && slots.size === 0);
    if (this.#isAskingAll) return () => true;
    const wanted = new Set([
      ...concerned().map(shardOf),
      ...this.#nextShards(),
      ...this.#unsettledShards(),
    ]);
    return (shard) => wanted.has(shard);
  }

  /** Notes that what was wanted has been read. */
  noteLook(): void {
    if (this.#isAskingAll) this.#sawAllMs = this.#options.clock.elapsedMs();
  }

  /** The shards of the tasks that this node would take first, as far as it knows. */
  #nextShards(): Set<string> {
    const { order } = this.#parts;
    order.update(this.#ledger.main, this.start);
    const shards = new Set<string>();
    let count = 0;
    for (const { file: { task_id } } of order.sorted) {
      if (count >= NEXT_TASKS) break;
      if (this.#ledger.stateOf(task_id) !== undefined) continue;
      shards.add(shardOf(task_id));
      count++;
    }
    return shards;
  }

  /** The shards that show something finished. */
  #unsettledShards(): string[] {
    return [...this.#ledger.shards].flatMap(([shard, { tasks }]) =>
      [...tasks.values()].some(({ state }) => state.status === "finished") ? [shard] : []
    );
  }

  /** How many tasks wait for somebody, as last seen. */
  get #openCount(): number {
    const { main, shards } = this.#ledger;
    const begun = [...shards.values()].reduce((sum, { tasks }) => sum + tasks.size, 0);
    return Math.max(0, main.queue.size - begun);
  }

  get #nodeCount(): number {
    return this.#parts.neighbours.countAt(this.#options.clock.elapsedMs());
  }

  /** How long it takes until what is claimed in the next push can begin. */
  get #pushMs(): number {
    const { rhythm, pushes } = this.#parts;
    return rhythm.tickMs + Math.max(this.#options.pollMs, GATHER_MS, pushes.paceMs);
  }

  get #leaseMs(): number {
    return this.#ledger.main.settings.lease_seconds * 1000;
  }
}
