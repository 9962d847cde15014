/**
 * When a worker settles, and what: its own shards, so that nobody else moves them meanwhile, and those
 * of others that nobody settles. The branch is one for all, so that the nodes move it in turn.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Ledger, ShardChoice } from "../ledger/ledger.ts";
import { counted, countFinished, type Settlement, settleSome } from "../ledger/settle.ts";
import { settleAfterMs } from "../scheduling/pace.ts";
import type { Precedence } from "./precedence.ts";
import type { Pushes } from "./pushes.ts";
import type { Registrar } from "./registrar.ts";
import type { Rhythm } from "./rhythm.ts";
import { Warnings } from "./warnings.ts";
import type { WorkerOptions } from "./worker_options.ts";

const log = getLogger(["dgrid", "worker"]);

/** A node that ends looks so often whether its turn has come, or another has settled. */
const LOOK_MS = 250;
/** So long it waits for its turn, where others go on working and settle later what it leaves. */
const LEAVING_MS = 3_000;
/** So long it waits for its turn at all: where others settle all the time, it may never come. */
const LONGEST_LINE_MS = 20_000;
/** After so many lost races, something else is wrong. */
const MAX_LOSSES = 12;
/** Where nodes take their place in a line, chance would only move them towards each other. */
const NO_JITTER = 0.5;

type Chosen = Pick<WorkerOptions, "nodeId" | "clock" | "random">;

interface Parts {
  pushes: Pick<Pushes, "isOpen" | "takesTurn" | "paceMs">;
  precedence: Pick<Precedence, "atWork" | "settles" | "branchInMs">;
  rhythm: Pick<Rhythm, "tickMs">;
  registrar: Pick<Registrar, "changes" | "dueMs" | "isDone">;
}

export class Settler {
  readonly #ledger: Ledger;
  readonly #options: Chosen;
  readonly #parts: Parts;
  readonly #warnings = new Warnings();
  /** How much waits to be settled, since when, and the jitter drawn for this wait. */
  #waiting?: { finished: number; sinceMs: number; jitter: number };

  constructor(ledger: Ledger, options: Chosen, parts: Parts) {
    this.#ledger = ledger;
    this.#options = options;
    this.#parts = parts;
  }

  /**
   * Settles if enough is finished, or something has been finished for long enough, and if there may be
   * a push now.
   *
   * @returns whether it pushed
   */
  async settleIfDue(): Promise<boolean> {
    this.#note();
    if (this.inMs > 0 || !this.#parts.pushes.isOpen) return false;
    this.#waiting = undefined;
    this.#tell(await settleSome(this.#ledger, this.#choice, await this.#parts.registrar.changes()));
    return true;
  }

  /** How long until it is time to settle, by what was last seen; Infinity where there is nothing to. */
  get inMs(): number {
    const { precedence, registrar } = this.#parts;
    const dueMs = Math.min(this.#dueMs, registrar.dueMs);
    const nowMs = this.#options.clock.elapsedMs();
    if (dueMs > nowMs) return dueMs - nowMs;
    return precedence.branchInMs(dueMs);
  }

  /** The shards that this node settles. */
  get #choice(): ShardChoice {
    return (shard) => this.#parts.precedence.settles(shard);
  }

  /** The same, and those on which this node has finished something. */
  get #ownOrDone(): ShardChoice {
    const isDone = (shard: string) =>
      [...this.#ledger.shard(shard).tasks.values()].some(({ state }) =>
        state.status === "finished" && state.node_id === this.#options.nodeId
      );
    return (shard) => this.#parts.precedence.settles(shard) || isDone(shard);
  }

  /** Notes since when there has been something to settle. */
  #note(): void {
    const { clock, random } = this.#options;
    const finished = countFinished(this.#ledger, this.#choice);
    const { sinceMs, jitter } = this.#waiting ??
      { sinceMs: clock.elapsedMs(), jitter: this.#parts.pushes.takesTurn ? random() : NO_JITTER };
    this.#waiting = finished === 0 ? undefined : { finished, sinceMs, jitter };
  }

  /** When what waits has waited long enough. */
  get #dueMs(): number {
    const { takesTurn, paceMs } = this.#parts.pushes;
    if (this.#waiting === undefined) return Infinity;
    const { finished, sinceMs, jitter } = this.#waiting;
    const { precedence, rhythm } = this.#parts;
    return sinceMs + settleAfterMs({
      finished,
      jitter,
      nodes: precedence.atWork.length,
      actMs: rhythm.tickMs,
      roundMs: takesTurn ? paceMs : undefined,
    });
  }

  /**
   * Settles before this node ends, in turn with others that end, too.
   *
   * @param isAll whether to wait until nothing finished is left anywhere; otherwise what this node
   * sees to or has finished is settled, if its turn comes soon
   * @param look looks at the grid
   * @throws {Error} when it lost too often, or the server refuses
   */
  async settleAtLast(isAll: boolean, look: () => Promise<unknown>): Promise<void> {
    const { clock } = this.#options;
    const beganMs = clock.elapsedMs();
    const waitedMs = () => clock.elapsedMs() - beganMs;
    const isChosen = isAll ? () => true : this.#ownOrDone;
    for (let losses = 0; await this.#isLeft(isChosen, isAll);) {
      const inMs = this.#parts.precedence.branchInMs(beganMs);
      if (inMs === 0 || waitedMs() >= LONGEST_LINE_MS) {
        const words = await this.#settleInTurn(isChosen);
        // What was left is settled and recorded, and what others finish meanwhile is theirs to settle.
        if (words === undefined && countFinished(this.#ledger, isChosen) === 0) return;
        if (words !== undefined && ++losses === MAX_LOSSES) {
          throw new Error(`settling: tried ${MAX_LOSSES} times in vain: ${words}`);
        }
      } else if (!isAll && waitedMs() >= LEAVING_MS) return;
      else await clock.wait(Math.min(inMs, LOOK_MS));
      await look();
    }
  }

  /** Whether there is anything that this node should still write to the branch, as last seen. */
  async #isLeft(isChosen: ShardChoice, isAll: boolean): Promise<boolean> {
    if (countFinished(this.#ledger, isChosen) > 0) return true;
    return isAll && !await this.#parts.registrar.isDone();
  }

  /** @returns why it failed, undefined where it did not */
  async #settleInTurn(isChosen: ShardChoice): Promise<string | undefined> {
    await this.#ledger.gate.come();
    const more = await this.#parts.registrar.changes();
    const settlement = await settleSome(this.#ledger, isChosen, more);
    return settlement.settled === undefined ? settlement.words : undefined;
  }

  #tell(settlement: Settlement): void {
    // What is left, also where somebody else was faster, is settled after a further look.
    if (settlement.settled !== undefined) {
      this.#warnings.clear("settling");
      if (settlement.settled > 0) log.info("settled {what}", { what: counted(settlement.settled) });
    } else if (settlement.why === "lost") log.debug("settling: {words}", settlement);
    else this.#warnings.warn("settling", `settling: the host refuses: ${settlement.words}`);
  }
}
