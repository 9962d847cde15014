/**
 * The nodes that are at work, by what was seen of their refs.
 *
 * @module
 */
import { Unadvertised } from "../git/unadvertised.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { readLiveNodes } from "../ledger/nodes.ts";
import type { Oid } from "../ledger/store.ts";
import type { NodeRecord } from "../protocol/node_record.ts";
import { IDLE_BEAT_MS } from "../scheduling/lease.ts";

/** Who has not shown itself for so many of an idle node's signs of life, is not counted any more. */
const MISSED_BEATS = 2;

/** What the nodes say that have shown themselves is read at most so often: whether they have left. */
const READ_EVERY_MS = 60_000;

interface Neighbour {
  beat: Oid;
  /** When it was last seen to show itself; -Infinity where that was to say goodbye. */
  shownMs: number;
  /** Whether this sign of life has been read. */
  isRead: boolean;
}

export class Neighbours {
  readonly #ledger: Ledger;
  readonly #nodeId: string;
  readonly #nodes = new Map<string, Neighbour>();
  #readMs = -Infinity;

  constructor(ledger: Ledger, nodeId: string) {
    this.#ledger = ledger;
    this.#nodeId = nodeId;
  }

  /**
   * Notes what a look has shown, at a moment of our own clock. Of what is there at the first look,
   * nobody knows since when; it counts from then on.
   */
  async noteLook(nowMs: number): Promise<void> {
    const { refs, names } = this.#ledger;
    for (const [ref, beat] of refs) {
      const node = names.nodeIn(ref);
      if (node === undefined || this.#nodes.get(node)?.beat === beat) continue;
      this.#nodes.set(node, { beat, shownMs: nowMs, isRead: node === this.#nodeId });
    }
    if (nowMs - this.#readMs < READ_EVERY_MS) return;
    this.#readMs = nowMs;
    await this.#read();
  }

  /** Reads who has said goodbye. */
  async #read(): Promise<void> {
    const unread = [...this.#nodes].filter(([, { isRead }]) => !isRead);
    if (unread.length === 0) return;
    for (const { node_id, status } of await this.#recordsOf(new Map(unread))) {
      if (status === "offline") this.#nodes.get(node_id)!.shownMs = -Infinity;
    }
    for (const [, node] of unread) node.isRead = true;
  }

  async #recordsOf(nodes: ReadonlyMap<string, unknown>): Promise<NodeRecord[]> {
    try {
      return await readLiveNodes(this.#ledger, (node) => nodes.has(node));
    } catch (error) {
      // Somebody has shown itself since the look: for now, all of them count.
      if (error instanceof Unadvertised) return [];
      throw error;
    }
  }

  /** How many nodes are at work, this one among them. */
  countAt(nowMs: number): number {
    return this.atWork(nowMs).length;
  }

  /** The nodes at work, as far as they have shown themselves, this one always among them. */
  atWork(nowMs: number): string[] {
    const sinceMs = nowMs - MISSED_BEATS * IDLE_BEAT_MS;
    const others = [...this.#nodes].filter(([node, { shownMs }]) =>
      node !== this.#nodeId && shownMs >= sinceMs
    );
    return [this.#nodeId, ...others.map(([node]) => node)];
  }
}
