/**
 * A node's sign of life: its record, and when to show it again.
 *
 * @module
 */
import type { Ledger } from "../ledger/ledger.ts";
import type { Companion } from "../ledger/live_edge.ts";
import { heartbeat } from "../ledger/nodes.ts";
import type { NodeRecord } from "../protocol/node_record.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** A push that happens anyway carries a sign of life when the last one is this old. */
const FREE_HEARTBEAT_MS = 10_000;
/** A node shows itself this often within a lease, so that one lost heartbeat does no harm. */
const BEATS_PER_LEASE = 3;

export class Presence {
  status: NodeRecord["status"] = "online";
  readonly #ledger: Ledger;
  readonly #options: WorkerOptions;
  readonly #startedAt: string;
  #lastMs = -Infinity;

  constructor(ledger: Ledger, options: WorkerOptions) {
    this.#ledger = ledger;
    this.#options = options;
    this.#startedAt = options.clock.now().toISOString();
  }

  /** What the node says of itself. */
  record(running: string[]): NodeRecord {
    const { nodeId, machine, labels, executor, parallel, version, clock } = this.#options;
    return {
      version: 1,
      node_id: nodeId,
      status: this.status,
      machine,
      labels,
      runs: [...executor.runs],
      parallel,
      running,
      dgrid_version: version,
      started_at: this.#startedAt,
      last_seen: clock.now().toISOString(),
    };
  }

  /**
   * The heartbeat to send now, if one is due.
   *
   * @param isPushing whether there is a push anyway, so that it costs nothing
   */
  due(isPushing: boolean, running: string[]): Companion | undefined {
    const { clock, heartbeatMs, nodeId } = this.#options;
    const lease = this.#ledger.main.settings.lease_seconds * 1000;
    const interval = heartbeatMs ?? lease / BEATS_PER_LEASE;
    const age = clock.elapsedMs() - this.#lastMs;
    if (age < (isPushing ? Math.min(FREE_HEARTBEAT_MS, interval) : interval)) return undefined;
    const last = this.#ledger.refs.get(this.#ledger.names.node(nodeId));
    return heartbeat(this.#ledger, this.record(running), last);
  }

  /** Notes that a heartbeat has been written. */
  noteShown(): void {
    this.#lastMs = this.#options.clock.elapsedMs();
  }

  /** Makes the next heartbeat due at once, because something changed. */
  changeTo(status: NodeRecord["status"]): void {
    this.status = status;
    this.#lastMs = -Infinity;
  }
}
