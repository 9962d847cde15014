/**
 * The nodes that are at work, by what was seen of their refs.
 *
 * @module
 */
import type { Ledger } from "../ledger/ledger.ts";
import type { Oid } from "../ledger/store.ts";
import { IDLE_BEAT_MS } from "../scheduling/lease.ts";

/** Who has not shown itself for so many of an idle node's signs of life, is not counted any more. */
const MISSED_BEATS = 2;

interface Neighbour {
  beat: Oid;
  /** When its ref was last seen to have moved; -Infinity where it never was. */
  movedMs: number;
}

export class Neighbours {
  readonly #nodes = new Map<string, Neighbour>();
  #hasLooked = false;

  constructor(private readonly ledger: Ledger, private readonly nodeId: string) {}

  /** Notes what a look has shown, at a moment of our own clock. */
  noteLook(nowMs: number): void {
    const { refs, names } = this.ledger;
    for (const [ref, beat] of refs) {
      const node = names.nodeIn(ref);
      if (node === undefined || this.#nodes.get(node)?.beat === beat) continue;
      // Of what is there at the first look, nobody knows since when.
      this.#nodes.set(node, { beat, movedMs: this.#hasLooked ? nowMs : -Infinity });
    }
    this.#hasLooked = true;
  }

  /** How many nodes there are, as far as they have shown themselves, this one among them. */
  countAt(nowMs: number): number {
    return this.since(nowMs - MISSED_BEATS * IDLE_BEAT_MS).length;
  }

  /** The nodes that have shown themselves since a moment, this one always among them. */
  since(sinceMs: number): string[] {
    const others = [...this.#nodes].filter(([node, { movedMs }]) =>
      node !== this.nodeId && movedMs >= sinceMs
    );
    return [this.nodeId, ...others.map(([node]) => node)];
  }
}
