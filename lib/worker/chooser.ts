/**
 * What a worker would do next: which tasks to claim, whose attempts to end, and which broken files.
 *
 * @module
 */
import type { Saying } from "../ledger/draft.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Appetite } from "./appetite.ts";
import { type Choice, findWork } from "./candidates.ts";
import type { Observer } from "./observer.ts";
import type { Precedence } from "./precedence.ts";
import type { Pushes } from "./pushes.ts";
import type { QueueOrder } from "./queue_order.ts";
import type { Readiness } from "./readiness.ts";
import { claimSayings, expireSayings, rejectSayings } from "./sayings.ts";
import type { Speaker } from "./speaker.ts";
import { Warnings } from "./warnings.ts";
import type { Watch } from "./watch.ts";
import type { WorkerOptions } from "./worker_options.ts";

interface Parts {
  appetite: Appetite;
  observer: Observer;
  order: QueueOrder;
  precedence: Precedence;
  pushes: Pushes;
  readiness: Readiness;
  speaker: Speaker;
  watch: Pick<Watch, "isOurName">;
}

export class Chooser {
  readonly #ledger: Ledger;
  readonly #options: Pick<WorkerOptions, "nodeId" | "clock" | "parallel">;
  readonly #parts: Parts;
  readonly #warnings = new Warnings();

  constructor(
    ledger: Ledger,
    options: Pick<WorkerOptions, "nodeId" | "clock" | "parallel">,
    parts: Parts,
  ) {
    this.#ledger = ledger;
    this.#options = options;
    this.#parts = parts;
  }

  /** @param allowance how many more attempts this worker may take in hand */
  async choose(allowance: number): Promise<Choice> {
    const { appetite, observer, order, precedence, pushes, readiness, speaker } = this.#parts;
    const { clock, parallel } = this.#options;
    order.update(this.#ledger.main, precedence.territory);
    const room = pushes.isOpen && this.#mayClaim() ? Math.min(appetite.room, allowance) : 0;
    return await findWork(this.#ledger, {
      offers: readiness.offers(),
      precedence,
      held: new Set(speaker.held),
      wanted: Math.max(0, room),
      abroad: parallel,
      now: clock.now(),
      nowMs: clock.elapsedMs(),
      observer,
      order,
    });
  }

  /** The same as events. */
  sayingsOf({ broken, claimable, lapsed }: Choice): Saying[] {
    const { nodeId, clock } = this.#options;
    const at = clock.now().toISOString();
    const { max_attempts } = this.#ledger.main.settings;
    return [
      ...expireSayings(lapsed, nodeId, max_attempts, at),
      ...rejectSayings(broken, nodeId, at),
      ...claimSayings(claimable, nodeId, at),
    ];
  }

  /** Whether what was claimed now could be kept, run and reported. */
  #mayClaim(): boolean {
    const { readiness, speaker, watch } = this.#parts;
    return watch.isOurName && !speaker.isUnshown && readiness.canStore() && this.#hasSeat();
  }

  /** Whether this node would have its turn to push often enough to keep what it claims. */
  #hasSeat(): boolean {
    const words = this.#parts.pushes.whyNoSeat();
    if (words === undefined) this.#warnings.clear("seat");
    else this.#warnings.warn("seat", words);
    return words === undefined;
  }
}
