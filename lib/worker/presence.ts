/**
 * A node's sign of life: its record, and when to show it again.
 *
 * @module
 */
import type { Ledger } from "../ledger/ledger.ts";
import type { Companion } from "../ledger/live_edge.ts";
import { heartbeat } from "../ledger/nodes.ts";
import type { Oid } from "../ledger/store.ts";
import type { NodeRecord } from "../protocol/node_record.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** A push that happens anyway carries a sign of life when the last one is this old. */
const FREE_HEARTBEAT_MS = 10_000;
/**
 * An earlier life can have left one heartbeat on its way, and a look can be answered with an old
 * one; but two that are both seen so often come from somebody who lives.
 */
const SURE_LOOKS = 3;
const SURE_BEATS = 2;
/** A node shows itself this often within a lease, so that one lost heartbeat does no harm. */
const BEATS_PER_LEASE = 3;

/** Another process works under the same name. */
export class NodeIsTwin extends Error {
  override name = "NodeIsTwin";
  constructor(nodeId: string) {
    super(
      `working as ${nodeId}: another process gives signs of life under that name; ` +
        "stop one of them, or give it another --node-id",
    );
  }
}

export class Presence {
  status: NodeRecord["status"] = "online";
  readonly #ledger: Ledger;
  readonly #options: WorkerOptions;
  readonly #startedAt: string;
  #lastMs = -Infinity;
  /** The heartbeats that this process has written; a look can be answered with an older one. */
  readonly #own = new Set<Oid>();
  #isUnsure = false;
  /** Heartbeats that are not ours, and how often each was seen. */
  readonly #foreign = new Map<Oid, number>();

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
    const intervalMs = this.#intervalMs();
    const ageMs = this.#options.clock.elapsedMs() - this.#lastMs;
    if (ageMs < (isPushing ? Math.min(FREE_HEARTBEAT_MS, intervalMs) : intervalMs)) {
      return undefined;
    }
    // Until the answer comes, nobody knows whether it was written.
    this.#isUnsure = true;
    return heartbeat(this.#ledger, this.record(running), this.#ledger.refs.get(this.#ref));
  }

  /** How long until a heartbeat is due that is worth a push of its own. */
  nextInMs(): number {
    return Math.max(0, this.#lastMs + this.#intervalMs() - this.#options.clock.elapsedMs());
  }

  /**
   * Notes what became of a heartbeat.
   *
   * @param commit undefined where it was not written: somebody else has moved the ref
   */
  noteShown(commit: Oid | undefined): void {
    this.#isUnsure = false;
    this.#lastMs = this.#options.clock.elapsedMs();
    if (commit !== undefined) this.#own.add(commit);
  }

  /**
   * Notices that somebody else gives signs of life under this node's name.
   *
   * @throws {NodeIsTwin} when it does
   */
  refuseTwin(): void {
    const seen = this.#ledger.refs.get(this.#ref);
    if (seen === undefined || this.#own.size === 0) return;
    if (this.#isUnsure) this.#own.add(seen);
    this.#isUnsure = false;
    if (this.#own.has(seen)) return;
    const looks = (this.#foreign.get(seen) ?? 0) + 1;
    this.#foreign.set(seen, looks);
    const sure = [...this.#foreign.values()].filter((looks) => looks >= SURE_LOOKS);
    if (sure.length >= SURE_BEATS) throw new NodeIsTwin(this.#options.nodeId);
  }

  get #ref(): string {
    return this.#ledger.names.node(this.#options.nodeId);
  }

  #intervalMs(): number {
    const leaseMs = this.#ledger.main.settings.lease_seconds * 1000;
    return this.#options.heartbeatMs ?? leaseMs / BEATS_PER_LEASE;
  }

  /** Makes the next heartbeat due at once, because something changed. */
  changeTo(status: NodeRecord["status"]): void {
    this.status = status;
    this.#lastMs = -Infinity;
  }
}
