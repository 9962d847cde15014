/**
 * Writes down on the branch who works here. All nodes want to when they begin, and only one at a time
 * can move the branch, so unless a node is alone its record goes with a settlement: whoever settles
 * records all that are at work and are not recorded yet.
 *
 * @module
 */
import { Unadvertised } from "../git/unadvertised.ts";
import type { Ledger } from "../ledger/ledger.ts";
import {
  isRecorded,
  readLiveNodes,
  recordedNodes,
  recordOf,
  registerNode,
} from "../ledger/nodes.ts";
import type { Change } from "../ledger/store.ts";
import type { NodeRecord } from "../protocol/node_record.ts";
import type { Precedence } from "./precedence.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** A node waits so long for a settlement that records it. */
const PATIENCE_MS = 5_000;

export class Registrar {
  readonly #ledger: Ledger;
  readonly #options: Pick<WorkerOptions, "nodeId" | "clock">;
  readonly #precedence: Pick<Precedence, "atWork">;
  /** What this node says of itself. */
  readonly #record: () => NodeRecord;
  #isRecorded = false;
  /** Whether the branch knew nothing of this node: what stands there later is what it says now. */
  #isNew = false;
  /** When this node began to want to be recorded. */
  #sinceMs = Infinity;

  constructor(
    ledger: Ledger,
    options: Pick<WorkerOptions, "nodeId" | "clock">,
    precedence: Pick<Precedence, "atWork">,
    record: () => NodeRecord,
  ) {
    this.#ledger = ledger;
    this.#options = options;
    this.#precedence = precedence;
    this.#record = record;
  }

  /** Records this node at once if it is alone; otherwise it waits for a settlement. */
  async begin(): Promise<void> {
    this.#sinceMs = this.#options.clock.elapsedMs();
    this.#isNew = !await this.#isNamed();
    if (await this.isDone() || this.#precedence.atWork.length > 1) return;
    await registerNode(this.#ledger, this.#record());
    this.#isRecorded = true;
  }

  /** Whether the branch knows this node, as it was last seen. */
  async isDone(): Promise<boolean> {
    return this.#isRecorded ||= await this.#isNamed() &&
      (this.#isNew || await isRecorded(this.#ledger, this.#record()));
  }

  async #isNamed(): Promise<boolean> {
    return (await recordedNodes(this.#ledger)).has(this.#options.nodeId);
  }

  /** When this node has waited long enough, by our own clock. */
  get dueMs(): number {
    return this.#isRecorded ? Infinity : this.#sinceMs + PATIENCE_MS;
  }

  /** What to write to the branch: the records of those who are not on it. */
  async changes(): Promise<Change[]> {
    const { nodeId, clock } = this.#options;
    // Whatever comes of it, the next try is not made at once.
    this.#sinceMs = clock.elapsedMs();
    const isDone = await this.isDone();
    const recorded = await recordedNodes(this.#ledger);
    const missing = this.#precedence.atWork.filter((node) =>
      node !== nodeId && !recorded.has(node)
    );
    return [
      ...isDone ? [] : [recordOf(this.#record())],
      ...(await this.#liveRecords(new Set(missing))).map(recordOf),
    ];
  }

  /** What those say of themselves who have not left. */
  async #liveRecords(nodes: ReadonlySet<string>): Promise<NodeRecord[]> {
    if (nodes.size === 0) return [];
    try {
      const records = await readLiveNodes(this.#ledger, (node) => nodes.has(node));
      return records.filter(({ status }) => status === "online");
    } catch (error) {
      // Some of them have shown themselves since the look.
      if (error instanceof Unadvertised) return [];
      throw error;
    }
  }
}
