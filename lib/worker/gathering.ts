/**
 * When what is ready to be said is worth a push: while the slots have something to run it waits for
 * more, and travels together.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { gatherMs } from "../scheduling/pace.ts";
import type { Rhythm } from "./rhythm.ts";
import type { Slots } from "./slots.ts";

interface Parts {
  clock: Pick<Clock, "elapsedMs">;
  rhythm: Pick<Rhythm, "tickMs">;
  slots: Pick<Slots, "waiting">;
}

export class Gathering {
  readonly #parts: Parts;
  /** When the first of what waits was ready. */
  #sinceMs?: number;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Notes that something is ready to be said. */
  note(): void {
    this.#sinceMs ??= this.#parts.clock.elapsedMs();
  }

  /** Notes that everything is being said. */
  clear(): void {
    this.#sinceMs = undefined;
  }

  /** How long until what is ready should be said; 0 for now, Infinity where nothing is. */
  get inMs(): number {
    const { clock, rhythm, slots } = this.#parts;
    if (this.#sinceMs === undefined) return Infinity;
    if (slots.waiting === 0) return 0;
    return Math.max(0, this.#sinceMs + gatherMs(rhythm.tickMs) - clock.elapsedMs());
  }
}
