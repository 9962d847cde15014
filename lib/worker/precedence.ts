/**
 * What this node sees to itself, what it leaves to others, and for how long: by the nodes that it has
 * seen at work (lib/scheduling/precedence.ts).
 *
 * @module
 */
import type { Ledger } from "../ledger/ledger.ts";
import type { Oid } from "../ledger/store.ts";
import { SHARDS } from "../protocol/identity.ts";
import {
  distanceTo,
  graceMs,
  helpsInMs,
  isUnsettled,
  lineWaitMs,
  placeInLine,
  restMs,
  type Territory,
  territoryOf,
  wholeFrom,
} from "../scheduling/precedence.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Pushes } from "./pushes.ts";
import type { Rhythm } from "./rhythm.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** So many places in lines are remembered. */
const MAX_PLACES = 100;

interface Parts {
  neighbours: Pick<Neighbours, "atWork">;
  rhythm: Pick<Rhythm, "tickMs">;
  pushes: Pick<Pushes, "takesTurn">;
}

/** A ref, and since when it names what it does, by our own clock, as far as was seen. */
interface Standing {
  tip?: Oid;
  sinceMs: number;
}

export class Precedence {
  readonly #ledger: Ledger;
  readonly #options: Pick<WorkerOptions, "nodeId" | "clock">;
  readonly #parts: Parts;
  #atWork: readonly string[];
  #territory: Territory;
  /** The same, were all shards its own. */
  #whole: Territory;
  /** This node's place in the line for each thing, among those at work. */
  readonly #places = new Map<string, number>();
  readonly #standings = new Map<string, Standing>();

  constructor(
    ledger: Ledger,
    options: Pick<WorkerOptions, "nodeId" | "clock">,
    parts: Parts,
  ) {
    this.#ledger = ledger;
    this.#options = options;
    this.#parts = parts;
    this.#atWork = [options.nodeId];
    this.#territory = this.#whole = territoryOf(options.nodeId, this.#atWork);
  }

  /** Notes what a look has shown. */
  noteLook(): void {
    const { names, refs } = this.#ledger;
    const nowMs = this.#options.clock.elapsedMs();
    for (const ref of [names.branch, ...SHARDS.map((shard) => names.shard(shard))]) {
      const tip = refs.get(ref);
      const known = this.#standings.get(ref);
      if (known === undefined || known.tip !== tip) {
        this.#standings.set(ref, { tip, sinceMs: nowMs });
      }
    }
    this.#noteAtWork(this.#parts.neighbours.atWork(nowMs));
  }

  /** The shards at which this node begins. */
  get territory(): Territory {
    // Where pushes are made one at a time, nobody meets anybody.
    return this.#parts.pushes.takesTurn ? this.#whole : this.#territory;
  }

  /** How many nodes share this node's shards, itself among them. */
  get sharers(): number {
    return Math.ceil((this.#atWork.length * this.territory.own) / SHARDS.length);
  }

  /** The nodes at work, this one among them. */
  get atWork(): readonly string[] {
    return this.#atWork;
  }

  isOwn(shard: string): boolean {
    return distanceTo(shard, this.territory) < this.territory.own;
  }

  /**
   * How long until this node takes what is in a shard; 0 where it may now, as it always may in its own.
   *
   * @param seenMs when it was first seen there, by our clock
   */
  takesInMs(shard: string, seenMs: number): number {
    if (this.isOwn(shard)) return 0;
    const nowMs = this.#options.clock.elapsedMs();
    return helpsInMs({
      seenMs: nowMs - seenMs,
      quietMs: this.quietMs(this.#ledger.names.shard(shard)),
      graceMs: this.graceMs(shard),
    });
  }

  /** How long this node leaves what is in a shard to those whose it is; 0 for its own. */
  graceMs(shard: string): number {
    if (this.isOwn(shard)) return 0;
    return graceMs(this.#placeFor(shard), this.#parts.rhythm.tickMs);
  }

  /** Whether this node sees to what is finished on a shard. */
  settles(shard: string): boolean {
    if (this.isOwn(shard)) return true;
    const quietMs = this.quietMs(this.#ledger.names.shard(shard));
    return isUnsettled(quietMs, this.#placeFor(shard), this.#parts.rhythm.tickMs);
  }

  /**
   * How long until a shard has been at rest for so long that this node may read it to see whether all is
   * done; 0 where it has. They read one after the other, because the first to see it settles.
   */
  restsInMs(shard: string): number {
    const { names, refs } = this.#ledger;
    const place = this.#placeFor(refs.get(names.branch) ?? "");
    const leftMs = restMs(place, this.#parts.rhythm.tickMs) - this.quietMs(names.shard(shard));
    return Math.max(0, leftMs);
  }

  /** For how long a ref has not moved, as far as was seen. */
  quietMs(ref: string): number {
    const standing = this.#standings.get(ref);
    // This process can have moved it since it looked.
    if (standing === undefined || standing.tip !== this.#ledger.refs.get(ref)) return 0;
    return this.#options.clock.elapsedMs() - standing.sinceMs;
  }

  /**
   * How long until it is this node's turn to move the branch; 0 for now. Each move draws a new line.
   *
   * @param sinceMs since when this node wants to, by our clock
   */
  branchInMs(sinceMs: number): number {
    if (this.#parts.pushes.takesTurn) return 0;
    const { names, refs } = this.#ledger;
    const waitedMs = Math.min(
      this.#options.clock.elapsedMs() - sinceMs,
      this.quietMs(names.branch),
    );
    const place = this.#placeFor(refs.get(names.branch) ?? "");
    return Math.max(0, lineWaitMs(place, this.#parts.rhythm.tickMs) - waitedMs);
  }

  #placeFor(thing: string): number {
    const known = this.#places.get(thing);
    if (known !== undefined) return known;
    if (this.#places.size > MAX_PLACES) this.#places.clear();
    const place = placeInLine(this.#options.nodeId, this.#atWork, thing);
    this.#places.set(thing, place);
    return place;
  }

  #noteAtWork(atWork: string[]): void {
    if (atWork.toSorted().join() === this.#atWork.join()) return;
    this.#atWork = atWork.toSorted();
    this.#territory = territoryOf(this.#options.nodeId, this.#atWork);
    this.#whole = wholeFrom(this.#territory.shards[0]);
    this.#places.clear();
  }
}
