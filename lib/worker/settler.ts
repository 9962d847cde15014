/**
 * When a worker settles.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Ledger } from "../ledger/ledger.ts";
import { counted, countFinished, settleSome } from "../ledger/settle.ts";
import { isSettlingDue } from "../scheduling/pace.ts";
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
  ) {}

  /** Settles if enough is finished, or something has been finished for long enough. */
  async settleIfDue(): Promise<void> {
    const { clock, random } = this.options;
    const finished = countFinished(this.ledger);
    if (finished === 0) {
      this.#waiting = undefined;
      return;
    }
    this.#waiting ??= { sinceMs: clock.elapsedMs(), jitter: random() };
    const { sinceMs, jitter } = this.#waiting;
    if (!isSettlingDue(finished, clock.elapsedMs() - sinceMs, jitter)) return;
    this.#waiting = undefined;
    const settlement = await settleSome(this.ledger);
    // What is left, also where somebody else was faster, is settled after a further look.
    if (settlement.settled !== undefined) {
      this.#warnings.clear("settling");
      log.info("settled {what}", { what: counted(settlement.settled) });
    } else if (settlement.why === "lost") log.debug("settling: {words}", settlement);
    else this.#warnings.warn("settling", `settling: the host refuses: ${settlement.words}`);
  }
}
