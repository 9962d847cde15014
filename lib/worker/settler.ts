/**
 * When a worker settles.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Ledger } from "../ledger/ledger.ts";
import { counted, countFinished, settleSome } from "../ledger/settle.ts";
import { isSettlingDue } from "../scheduling/pace.ts";
import type { Pushes } from "./pushes.ts";
import { Warnings } from "./warnings.ts";
import type { WorkerOptions } from "./worker_options.ts";

const log = getLogger(["dgrid", "worker"]);

export class Settler {
  readonly #warnings = new Warnings();
  /** Since when something waits to be settled, and the jitter drawn for this wait. */
  #waiting?: { sinceMs: number; jitter: number };

  constructor(
    private readonly ledger: Ledger,
    private readonly options: Pick<WorkerOptions, "clock" | "random">,
    private readonly pushes: Pick<Pushes, "isOpen" | "takesTurn" | "paceMs">,
  ) {}

  /**
   * Settles if enough is finished, or something has been finished for long enough, and if there may be
   * a push now.
   *
   * @returns whether it pushed
   */
  async settleIfDue(): Promise<boolean> {
    if (!this.#isDue() || !this.pushes.isOpen) return false;
    this.#waiting = undefined;
    await this.#settle();
    return true;
  }

  #isDue(): boolean {
    const { clock, random } = this.options;
    const finished = countFinished(this.ledger);
    if (finished === 0) {
      this.#waiting = undefined;
      return false;
    }
    const { sinceMs, jitter } = this.#waiting ??= { sinceMs: clock.elapsedMs(), jitter: random() };
    const roundMs = this.pushes.takesTurn ? this.pushes.paceMs : undefined;
    return isSettlingDue({ finished, waitedMs: clock.elapsedMs() - sinceMs, jitter, roundMs });
  }

  async #settle(): Promise<void> {
    const settlement = await settleSome(this.ledger);
    // What is left, also where somebody else was faster, is settled after a further look.
    if (settlement.settled !== undefined) {
      this.#warnings.clear("settling");
      log.info("settled {what}", { what: counted(settlement.settled) });
    } else if (settlement.why === "lost") log.debug("settling: {words}", settlement);
    else this.#warnings.warn("settling", `settling: the host refuses: ${settlement.words}`);
  }
}
