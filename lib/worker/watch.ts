/**
 * What a worker does at each look: it reads what has moved, and draws the consequences for what is in
 * its hands.
 *
 * @module
 */
import type { Ledger } from "../ledger/ledger.ts";
import { settledAmong } from "../ledger/results.ts";
import type { Appetite } from "./appetite.ts";
import type { Namesake } from "./namesake.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Observer } from "./observer.ts";
import type { Precedence } from "./precedence.ts";
import type { Pushes } from "./pushes.ts";
import type { Slots } from "./slots.ts";
import type { Speaker } from "./speaker.ts";
import { Warnings } from "./warnings.ts";
import type { WorkerCounters } from "./worker_counters.ts";
import type { WorkerOptions } from "./worker_options.ts";

interface Parts {
  appetite: Appetite;
  counters: WorkerCounters;
  namesake: Namesake;
  neighbours: Neighbours;
  observer: Observer;
  precedence: Precedence;
  pushes: Pushes;
  slots: Slots;
  speaker: Speaker;
}

export class Watch {
  readonly #ledger: Ledger;
  readonly #clock: WorkerOptions["clock"];
  readonly #parts: Parts;
  readonly #warnings = new Warnings();
  #isOurName = true;

  constructor(ledger: Ledger, { clock }: Pick<WorkerOptions, "clock">, parts: Parts) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#parts = parts;
  }

  /** Whether the claims under this node's name are this process's, as far as can be seen. */
  get isOurName(): boolean {
    return this.#isOurName;
  }

  /** @returns whether anything that matters to tasks has moved */
  async look(): Promise<boolean> {
    const { counters, slots } = this.#parts;
    try {
      const moved = await counters.timed("look", () => this.#lookAndReview());
      counters.noteLook(moved);
      return moved;
    } finally {
      slots.goOn();
    }
  }

  async #lookAndReview(): Promise<boolean> {
    const { appetite, pushes, slots, speaker } = this.#parts;
    const beganMs = this.#clock.elapsedMs();
    const moved = await this.#ledger.refresh({
      wantedShards: () => appetite.wantedShards(),
      onNews: () => slots.hold(),
    });
    await pushes.look();
    await this.#noteOthers(beganMs);
    this.#warnOfOddities();
    await this.#review();
    slots.stopWaiting(appetite.patienceMs);
    await speaker.startLate();
    if (this.#isOurName) speaker.handBack();
    return moved;
  }

  /** Notes what the look has shown of other nodes. */
  async #noteOthers(beganMs: number): Promise<void> {
    const { appetite, namesake, neighbours, observer, precedence } = this.#parts;
    observer.noteLook(beganMs);
    appetite.noteLook();
    await neighbours.noteLook(this.#clock.elapsedMs());
    precedence.noteLook();
    this.#isOurName = await namesake.look();
  }

  /** Stops what is cancelled, or over for everybody else. */
  async #review(): Promise<void> {
    const { slots } = this.#parts;
    const gone = slots.taskIds.filter((id) => this.#ledger.stateOf(id) === undefined);
    const settled = await settledAmong(this.#ledger, gone);
    slots.review((id) => this.#ledger.stateOf(id), settled);
  }

  #warnOfOddities(): void {
    for (const [path, reason] of this.#ledger.main.strays) {
      this.#warnings.warn(path, `${path}: passed over: ${reason}`);
    }
    for (const { broken } of this.#ledger.shards.values()) {
      for (const [id, reason] of broken) {
        this.#warnings.warn(id, `${id}: its entry on the live edge is left alone: ${reason}`);
      }
    }
  }
}
