/**
 * What a worker knows of the pushes of the last minute, where they are taken in turn.
 *
 * @module
 */
import { Unadvertised } from "../git/unadvertised.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Oid } from "../ledger/store.ts";
import { readTurn } from "../ledger/swap_refs.ts";
import { turnOpensMs } from "../scheduling/push_budget.ts";
import type { WorkerOptions } from "./worker_options.ts";

const MINUTE_MS = 60_000;
/** People's pushes count as well, but so many of a budget are left to the nodes. */
const PEOPLES_PART = 1 / 2;
/** What cannot be read may have been anything. */
const MOST_PUSHES = 60;
/** A turn that was seen but not read yet is read at the next look. */
const SOON_MS = 50;

export class TurnLog {
  readonly #ledger: Ledger;
  readonly #options: Pick<WorkerOptions, "clock" | "random">;
  /** What the turn named when it was last read. */
  #turn?: Oid;
  #branch?: Oid;
  /** When the pushes were that took the turn, newest first, rather later than they were. */
  #turnsMs: number[] = [];
  /** When somebody pushed to the branch without a turn. */
  #peopleMs: number[] = [];
  #luck: number;

  constructor(ledger: Ledger, options: Pick<WorkerOptions, "clock" | "random">) {
    this.#ledger = ledger;
    this.#options = options;
    this.#luck = options.random();
  }

  /** Reads what the last look has shown. */
  async look(): Promise<void> {
    const { refs, names } = this.#ledger;
    const turn = refs.get(names.turn);
    const branch = refs.get(names.branch);
    if (turn !== this.#turn) await this.#readTurn(turn).catch(letUnadvertised);
    else if (branch !== this.#branch && this.#branch !== undefined) {
      this.#peopleMs.unshift(this.#nowMs);
    }
    this.#branch = branch;
  }

  /**
   * Notes that this process has taken the turn.
   *
   * @param pushes how many pushes it is for
   */
  noteOwn(turn: Oid, pushes: number): void {
    this.#begin(turn, [...Array<number>(pushes).fill(this.#nowMs), ...this.#turnsMs]);
    // It may have moved the branch, too.
    this.#branch = undefined;
  }

  /** Notes that the host has refused a push of this process: that was one, too. */
  noteVain(): void {
    this.#turnsMs.unshift(this.#nowMs);
  }

  /** How long ago the pushes of the last minute were, newest first. */
  agesMs(): number[] {
    const ages = this.#turnsMs.map((at) => this.#nowMs - at);
    return ages.filter((age) => age <= 2 * MINUTE_MS).slice(0, MOST_PUSHES - 1);
  }

  /**
   * When this node may push, by `clock.elapsedMs`, unless somebody else does so first.
   *
   * @param lotMs how long it lets others go first, by its luck in this turn, from 0 to less than 1
   */
  opensMs(budget: number, lotMs: (luck: number) => number): number {
    const isRead = this.#ledger.refs.get(this.#ledger.names.turn) === this.#turn;
    if (!isRead) return this.#nowMs + SOON_MS;
    const people = this.#peopleMs.slice(0, Math.floor(budget * PEOPLES_PART));
    const pushedMs = [...this.#turnsMs, ...people].sort((a, b) => b - a);
    const [turnMs = -Infinity] = this.#turnsMs;
    const leaseMs = this.#ledger.main.settings.lease_seconds * 1000;
    const opensMs = turnOpensMs(budget, { pushedMs, turnMs, leaseMs });
    return Math.max(opensMs, turnMs) + lotMs(this.#luck);
  }

  async #readTurn(turn: Oid | undefined): Promise<void> {
    const record = await readTurn(this.#ledger);
    const seenMs = this.#nowMs;
    const agesMs = record?.ages_ms ?? Array<number>(MOST_PUSHES).fill(0);
    this.#begin(turn, turn === undefined ? [] : [seenMs, ...agesMs.map((age) => seenMs - age)]);
  }

  #begin(turn: Oid | undefined, turnsMs: number[]): void {
    this.#turn = turn;
    this.#turnsMs = turnsMs.slice(0, MOST_PUSHES);
    this.#peopleMs = this.#peopleMs.filter((at) => this.#nowMs - at <= 2 * MINUTE_MS);
    this.#luck = this.#options.random();
  }

  get #nowMs(): number {
    return this.#options.clock.elapsedMs();
  }
}

/** Somebody has moved the turn on meanwhile; the next look shows where. */
function letUnadvertised(error: unknown): void {
  if (!(error instanceof Unadvertised)) throw error;
}
