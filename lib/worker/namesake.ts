/**
 * Two processes must not work under one name. With the same `--home` a lock keeps the second out;
 * elsewhere a process that wants the name asks: it writes a `joining` record into the node's ref, and
 * a living owner of the name answers with its own record at its next look.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { backoff } from "../ledger/backoff.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { say } from "../ledger/live_edge.ts";
import { readNode } from "../ledger/nodes.ts";
import type { Oid } from "../ledger/store.ts";
import type { NodeRecord } from "../protocol/node_record.ts";
import type { Presence } from "./presence.ts";
import type { WorkerOptions } from "./worker_options.ts";

const log = getLogger(["dgrid", "worker"]);

/**
 * An earlier life can have left one heartbeat on its way, and a look can be answered with an old
 * one; but two that are both seen so often come from somebody who lives.
 */
const SURE_LOOKS = 3;
const SURE_BEATS = 2;
/** An answer that is older than so many heartbeats does not come. */
const MAX_REMEMBERED = 1_000;
/** Others who want the name cannot be faster for ever. */
const MAX_TRIES = 10;
/** A record of a version that did not say how often it looks. */
const UNKNOWN_LOOKS_SECONDS = 60;

/** Another process works under the same name. */
export class NodeIsTwin extends Error {
  override name = "NodeIsTwin";
  constructor(nodeId: string, where: NodeRecord | undefined) {
    const host = where === undefined ? "" : ` (on ${where.machine.hostname})`;
    super(
      `working as ${nodeId}: another process gives signs of life under that name${host}; ` +
        "stop one of them, or give it another --node-id",
    );
  }
}

export class Namesake {
  readonly #ledger: Ledger;
  readonly #options: WorkerOptions;
  readonly #presence: Presence;
  /** The heartbeats that this process is known to have written. */
  readonly #own = new Set<Oid>();
  /** What stood in the node's ref before the name was ours; an old look may show it again. */
  readonly #former = new Set<Oid>();
  /** Whether the host has refused our last record. */
  #isRefused = false;
  /** Heartbeats that are not ours, and how often each was seen. */
  readonly #foreign = new Map<Oid, number>();

  constructor(ledger: Ledger, options: WorkerOptions, presence: Presence) {
    this.#ledger = ledger;
    this.#options = options;
    this.#presence = presence;
  }

  /** Notes a heartbeat that was written. */
  noteSent(commit: Oid): void {
    this.#own.add(commit);
    if (this.#own.size > MAX_REMEMBERED) this.#own.delete(this.#own.values().next().value!);
  }

  /**
   * Takes the name: at once where it is free, or was this home's; otherwise after asking. It is ours
   * when a record of ours has taken the place of what was read, so of two that begin at the same
   * moment one loses that swap, looks again, and sees the other.
   *
   * @param stop ends the asking early
   * @returns whether the name is ours; false where it was told to stop before it knew
   * @throws {NodeIsTwin} when another process answers
   * @throws {Error} when the node's ref cannot be written
   */
  async takeName(stop: AbortSignal): Promise<boolean> {
    for (let tries = 1; tries <= MAX_TRIES && !stop.aborted;) {
      const other = await this.#other();
      const isFree = other === undefined ||
        await this.#show("joining", looksOf(other)) && await this.#waitedInVain(other, stop);
      if (stop.aborted) break;
      if (isFree && await this.#show("online")) return true;
      await backoff(this.#ledger.writer, tries);
      await this.#ledger.refresh();
      // Where pushes are taken in turn, who loses has met somebody who wants the turn, not the name.
      if (!this.#ledger.gate.takesTurn || this.#isRefused) tries++;
    }
    if (stop.aborted) return false;
    const { nodeId } = this.#options;
    throw new Error(
      `working as ${nodeId}: its ref could not be written; another process may want it, too`,
    );
  }

  /** Another process that has the name, or wants it, as far as the node's ref tells. */
  async #other(): Promise<NodeRecord | undefined> {
    const { seen } = this.#presence;
    if (seen !== undefined) this.#former.add(seen);
    const record = await readNode(this.#ledger, this.#options.nodeId);
    if (record === undefined || record.status === "offline") return undefined;
    // A question of our own that nobody has answered yet proves nothing: an earlier life died asking.
    return this.#isOurHome(record) && record.status !== "joining" ? undefined : record;
  }

  #isOurHome({ instance }: NodeRecord): boolean {
    return instance === this.#options.instance;
  }

  /**
   * Writes our record; false where the ref has moved since it was read.
   *
   * @param looksEvery in a question, how often the one looks that is asked: should we die asking, our
   * next life reads it there
   */
  async #show(status: NodeRecord["status"], looksEvery = 0): Promise<boolean> {
    this.#presence.changeTo(status);
    const { companion, companionWords } = await say(
      this.#ledger,
      [],
      this.#presence.due(true, false, [], looksEvery),
    );
    this.#isRefused = companionWords !== undefined;
    if (companion === undefined) return false;
    this.noteSent(companion);
    this.#presence.noteShown();
    return true;
  }

  /**
   * Gives another process the time to answer.
   *
   * @returns true: it did not
   * @throws {NodeIsTwin} when it did
   */
  async #waitedInVain(other: NodeRecord, stop: AbortSignal): Promise<true> {
    const { clock, pollMs, nodeId } = this.#options;
    const seconds = 2 * looksOf(other);
    log.info(
      "{nodeId} was last seen on {host}; asking for up to {seconds} s whether it still works",
      {
        nodeId,
        host: other.machine.hostname,
        seconds,
      },
    );
    const deadlineMs = clock.elapsedMs() + seconds * 1000;
    while (clock.elapsedMs() < deadlineMs && !stop.aborted) {
      await clock.wait(Math.min(pollMs, deadlineMs - clock.elapsedMs()), stop);
      await this.#ledger.refresh();
      const { seen } = this.#presence;
      if (seen !== undefined && this.#own.has(seen)) continue;
      const answer = await this.#other();
      if (answer !== undefined) throw new NodeIsTwin(nodeId, answer);
    }
    return true;
  }

  /**
   * Answers a process that wants the name, and notices one that has taken it.
   *
   * @returns whether the name is ours as far as can be seen; otherwise its claims may be another's
   * @throws {NodeIsTwin} when somebody else gives signs of life under this node's name
   */
  async look(): Promise<boolean> {
    const { seen } = this.#presence;
    if (seen === undefined || this.#own.size === 0 || this.#own.has(seen)) return true;
    const record = await readNode(this.#ledger, this.#options.nodeId);
    if (record !== undefined && this.#presence.isOurs(record)) {
      this.noteSent(seen);
      return true;
    }
    if (record?.status === "joining") this.#answer(record);
    else if (this.#isReplaced(seen, record) || this.#isSure(seen)) {
      throw new NodeIsTwin(this.#options.nodeId, record);
    }
    return record !== undefined && this.#isOurHome(record);
  }

  /** Whether another process has taken the name while this one slept, and could not answer. */
  #isReplaced(seen: Oid, record: NodeRecord | undefined): boolean {
    if (record === undefined || this.#isOurHome(record) || this.#former.has(seen)) return false;
    const leaseMs = this.#ledger.main.settings.lease_seconds * 1000;
    return this.#options.clock.elapsedMs() - this.#presence.renewedMs > leaseMs;
  }

  /** Notes a heartbeat that is not ours. */
  #isSure(seen: Oid): boolean {
    this.#foreign.set(seen, (this.#foreign.get(seen) ?? 0) + 1);
    const sure = [...this.#foreign.values()].filter((looks) => looks >= SURE_LOOKS);
    return sure.length >= SURE_BEATS;
  }

  #answer({ machine: { hostname } }: NodeRecord): void {
    const { nodeId } = this.#options;
    log.warn(
      "another process, on {hostname}, wants to work as {nodeId}; it is told that this one does",
      {
        hostname,
        nodeId,
      },
    );
    this.#presence.answer();
  }
}

/** Within how many seconds a process answers a question. */
function looksOf({ looks_every_seconds = UNKNOWN_LOOKS_SECONDS }: NodeRecord): number {
  return looks_every_seconds;
}
