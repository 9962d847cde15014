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
import { beatIntervalMs, latestBeatMs, trustedMs } from "../scheduling/lease.ts";
import { hasTime, isPressing } from "../scheduling/push_budget.ts";
import { longestPollMs } from "../scheduling/pace.ts";
import type { Pushes } from "./pushes.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** A push that happens anyway carries a sign of life when the last one is this old. */
const FREE_HEARTBEAT_MS = 10_000;
/** A record names so many of the tasks that run, so that it stays small. */
const MAX_TOLD = 100;
/** A look, and whatever else a tick does, takes no longer than this on a good line. */
const TICK_SECONDS = 5;

export class Presence {
  status: NodeRecord["status"] = "online";
  readonly #ledger: Ledger;
  readonly #options: WorkerOptions;
  readonly #pushes: Pick<Pushes, "idleBeatMs" | "longestWaitMs">;
  readonly #startedAt: string;
  #owesAnswer = false;
  /** When the last heartbeat was known to be written. */
  #shownMs = -Infinity;
  /** When the last heartbeat that was written began to be sent. */
  #renewedMs = -Infinity;
  /** When the heartbeat that is on its way began to be sent. */
  #sentMs = -Infinity;

  constructor(
    ledger: Ledger,
    options: WorkerOptions,
    pushes: Pick<Pushes, "idleBeatMs" | "longestWaitMs">,
  ) {
    this.#ledger = ledger;
    this.#pushes = pushes;
    this.#options = options;
    this.#startedAt = options.clock.now().toISOString();
  }

  /** What the node says of itself. */
  record(running: string[]): NodeRecord {
    const { nodeId, machine, labels, executor, parallel, version, clock } = this.#options;
    const { pollMs, maxPollMs: maxMs } = this.#options;
    const answersInMs = longestPollMs({ pollMs, maxMs }) + this.#pushes.longestWaitMs;
    return {
      version: 1,
      node_id: nodeId,
      instance: this.#options.instance,
      status: this.status,
      machine,
      labels,
      runs: [...executor.runs],
      parallel,
      running: running.slice(0, MAX_TOLD),
      looks_every_seconds: Math.ceil(answersInMs / 1000) + TICK_SECONDS,
      dgrid_version: version,
      started_at: this.#startedAt,
      last_seen: clock.now().toISOString(),
    };
  }

  /** Whether a record was written by this very process; its answer may have been lost. */
  isOurs({ instance, started_at }: NodeRecord): boolean {
    return instance === this.#options.instance && started_at === this.#startedAt;
  }

  /** The time up to which everybody believes in this node's claims is counted from here. */
  get renewedMs(): number {
    return this.#renewedMs;
  }

  /**
   * How long an attempt is still trusted, in whole milliseconds (DESIGN.md section 4, rule 4); 0 or less
   * where others may take it soon.
   *
   * @param sentMs when its claim began to be sent, by the clock's `elapsedMs`
   */
  trustLeftMs(sentMs: number): number {
    const sinceMs = Math.max(sentMs, this.#renewedMs);
    return Math.ceil(sinceMs + trustedMs(this.#leaseMs) - this.#options.clock.elapsedMs());
  }

  /** The node's ref as last seen. */
  get seen(): Oid | undefined {
    return this.#ledger.refs.get(this.#ledger.names.node(this.#options.nodeId));
  }

  /**
   * The heartbeat to send now, if one is due.
   *
   * @param isPushing whether there is a push anyway, so that it costs nothing
   * @param isHolding whether this node holds claims
   * @param running the tasks that it runs
   * @param leastLooksEvery in seconds, what the record says at least of how often this node looks
   */
  due(
    isPushing: boolean,
    isHolding: boolean,
    running: string[],
    leastLooksEvery = 0,
  ): Companion | undefined {
    const now = this.#options.clock.elapsedMs();
    const intervalMs = this.#intervalMs(isHolding);
    const afterMs = isPushing ? Math.min(FREE_HEARTBEAT_MS, this.#intervalMs(true)) : intervalMs;
    if (now - this.#shownMs < afterMs) return undefined;
    this.#sentMs = now;
    const record = this.record(running);
    const looks_every_seconds = Math.max(record.looks_every_seconds ?? 0, leastLooksEvery);
    return heartbeat(this.#ledger, { ...record, looks_every_seconds }, this.seen);
  }

  /**
   * How long until a heartbeat is worth waking up for, in whole milliseconds.
   *
   * @param isHolding whether this node holds claims
   */
  nextInMs(isHolding: boolean): number {
    const latestMs = latestBeatMs(this.#intervalMs(isHolding), isHolding);
    // One that was sent in vain is not sent again at once.
    const againMs = this.#sentMs + Math.min(this.#options.pollMs, latestMs);
    const dueMs = Math.max(this.#shownMs + latestMs, againMs);
    return Math.max(0, Math.ceil(dueMs - this.#options.clock.elapsedMs()));
  }

  /** Notes that the heartbeat which was due has been written. */
  noteShown(): void {
    this.#renewedMs = this.#sentMs;
    this.#owesAnswer = false;
    this.#shownMs = this.#options.clock.elapsedMs();
  }

  /** Makes the next heartbeat due at once: another process waits for it, though not for long. */
  answer(): void {
    this.#owesAnswer = true;
    this.#shownMs = -Infinity;
  }

  /**
   * Whether there is time for another push before the next heartbeat, where pushes are few.
   *
   * @param isHolding whether this node holds claims
   */
  hasTime(isHolding: boolean): boolean {
    if (!isHolding) return this.nextInMs(false) > 0;
    return hasTime(this.#leaseMs, this.#options.clock.elapsedMs() - this.#renewedMs);
  }

  /**
   * Whether a heartbeat has to be written soon, lest others take what is this node's.
   *
   * @param isHolding whether this node holds claims
   */
  isPressing(isHolding: boolean): boolean {
    const sinceMs = this.#options.clock.elapsedMs() - this.#renewedMs;
    return this.#owesAnswer || (isHolding && isPressing(this.#leaseMs, sinceMs));
  }

  /** Whether the last change has been said. */
  get isShown(): boolean {
    return this.#shownMs !== -Infinity;
  }

  /** Says at once that something changed. */
  changeTo(status: NodeRecord["status"]): void {
    this.status = status;
    this.#shownMs = -Infinity;
  }

  get #leaseMs(): number {
    return this.#ledger.main.settings.lease_seconds * 1000;
  }

  #intervalMs(isHolding: boolean): number {
    const wishedMs = this.#options.heartbeatMs;
    return beatIntervalMs(this.#leaseMs, isHolding, {
      wishedMs,
      scarceMs: this.#pushes.idleBeatMs,
    });
  }
}
