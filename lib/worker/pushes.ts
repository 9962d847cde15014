/**
 * When a worker may push, by the grid's push budget and by what it has seen of the pushes of others.
 *
 * @module
 */
import type { Ledger } from "../ledger/ledger.ts";
import type { PushGate } from "../ledger/push_gate.ts";
import type { Oid } from "../ledger/store.ts";
import { isHeld } from "../protocol/transition.ts";
import * as budget from "../scheduling/push_budget.ts";
import type { Neighbours } from "./neighbours.ts";
import { TurnLog } from "./turn_log.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** On a slow line others are faster again and again, for so many rounds at most, as far as can be told. */
const UNLUCKY_ROUNDS = 2;

type Chosen = Pick<WorkerOptions, "nodeId" | "clock" | "random" | "usualPushBudget">;

export class Pushes implements PushGate {
  readonly #ledger: Ledger;
  readonly #options: Chosen;
  readonly #neighbours: Neighbours;
  readonly #log: TurnLog;
  /** When this node last pushed. */
  #ownMs = -Infinity;

  #isWary = false;
  /** How many turns in a row this node has lost: there are more who want it than have a ref. */
  #losses = 0;

  readonly #isPressed: () => boolean;

  /** @param isPressed whether this node has to push soon */
  constructor(
    ledger: Ledger,
    options: Chosen,
    neighbours: Neighbours,
    isPressed: () => boolean,
  ) {
    this.#ledger = ledger;
    this.#options = options;
    this.#neighbours = neighbours;
    this.#isPressed = isPressed;
    this.#log = new TurnLog(ledger, options);
  }

  /** How many pushes there may be in a minute, by all nodes together. */
  get #budget(): number {
    return this.#ledger.main.settings.push_budget ?? this.#options.usualPushBudget ?? Infinity;
  }

  get takesTurn(): boolean {
    return budget.isTakenInTurn(this.#budget);
  }

  get isOpen(): boolean {
    return this.opensInMs <= 0;
  }

  /** How long until this node may push, unless others do so first; 0 where it may now. */
  get opensInMs(): number {
    if (this.#budget === Infinity) return 0;
    const opensMs = this.takesTurn
      ? this.#log.opensMs(this.#budget - (this.#isWary ? 1 : 0), (luck) => this.#lotMs(luck))
      : this.#ownMs + budget.ownPaceMs(this.#budget, this.#nodes);
    return Math.max(0, Math.ceil(opensMs - this.#options.clock.elapsedMs()));
  }

  /** Reads what the last look has shown of the pushes of others. */
  async look(): Promise<void> {
    if (this.takesTurn) await this.#log.look();
  }

  async come(): Promise<void> {
    await this.look();
    for (let leftMs = this.opensInMs; leftMs > 0; leftMs = this.opensInMs) {
      await this.#options.clock.wait(leftMs);
      await this.#ledger.refresh();
      await this.look();
    }
  }

  agesMs(): number[] {
    // The push that the turn is taken for follows at once.
    return this.#isWary ? [0, ...this.#log.agesMs()] : this.#log.agesMs();
  }

  get isWary(): boolean {
    return this.#isWary;
  }

  noteRefusal(isRefused: boolean): void {
    this.#isWary = isRefused;
    if (isRefused) this.#log.noteVain();
  }

  noteTurn(commit: Oid | undefined): void {
    this.#losses = commit === undefined ? this.#losses + 1 : 0;
    if (commit !== undefined) this.#log.noteOwn(commit, this.#isWary ? 2 : 1);
  }

  notePushed(): void {
    this.#ownMs = this.#options.clock.elapsedMs();
  }

  /** How long after a push nobody else can push, about. */
  get gapMs(): number {
    return this.takesTurn ? budget.turnGapMs(this.#budget) : 0;
  }

  /** How long from one push of this node to its next, about. */
  get paceMs(): number {
    if (this.#budget === Infinity) return 0;
    if (!this.takesTurn) return budget.ownPaceMs(this.#budget, this.#nodes);
    return budget.roundMs(this.#budget, this.#otherHolders().size + 1);
  }

  /** How long a node that has to push soon may have to wait for it, whoever wants to. */
  get longestWaitMs(): number {
    return this.takesTurn
      ? UNLUCKY_ROUNDS * budget.roundMs(this.#budget, this.#known)
      : this.paceMs;
  }

  /** How often this node gives a sign of life when idle where pushes are few; else undefined. */
  get idleBeatMs(): number | undefined {
    return this.takesTurn ? budget.scarceIdleBeatMs(this.#budget, this.#nodes) : undefined;
  }

  /**
   * Why this node must not take tasks, undefined where it may: with one more who holds some, not all
   * of them would have their turn in good time for their leases.
   */
  whyNoSeat(): string | undefined {
    if (!this.takesTurn) return undefined;
    const others = this.#otherHolders().size;
    const seats = budget.seatsOf(this.#budget, this.#leaseMs);
    if (others < seats) return undefined;
    return `waiting: ${others} others hold tasks, and a push_budget of ${this.#budget} with ` +
      `lease_seconds ${this.#leaseMs / 1000} is enough for ${seats}; for one more, lease_seconds ` +
      `must be ${budget.leaseSecondsFor(this.#budget, others + 1)}`;
  }

  /** Who cannot wait goes first; the others draw lots. */
  #lotMs(luck: number): number {
    const contenders = Math.max(this.#known, 1) * 2 ** this.#losses;
    return this.#isPressed() ? 0 : budget.lotMs(this.#budget, contenders, luck);
  }

  #otherHolders(): Set<string> {
    const held = [...this.#ledger.states()].filter(isHeld).map(({ node_id }) => node_id);
    const owners = new Set(held);
    owners.delete(this.#options.nodeId);
    return owners;
  }

  get #nodes(): number {
    return this.#neighbours.countAt(this.#options.clock.elapsedMs());
  }

  /** Everybody who has a ref, dead or alive: who has just come has seen none of them move. */
  get #known(): number {
    const { refs, names } = this.#ledger;
    return [...refs.keys()].filter((ref) => names.nodeIn(ref) !== undefined).length;
  }

  get #leaseMs(): number {
    return this.#ledger.main.settings.lease_seconds * 1000;
  }
}
