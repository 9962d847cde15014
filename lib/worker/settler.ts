/**
 * When a worker settles.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Ledger } from "../ledger/ledger.ts";
import { countFinished, settleOnce } from "../ledger/settle.ts";
import { isSettlingDue } from "../scheduling/pace.ts";
import type { WorkerOptions } from "./worker_options.ts";

const log = getLogger(["dgrid", "worker"]);

export class Settler {
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
    const count = await settleOnce(this.ledger);
    // What somebody else left over is settled after the next look.
    if (count === undefined) log.debug("settling: somebody else was faster");
    else log.info("settled {count} results", { count });
  }
}
