import type { Clock } from "../clock.ts";

/** Nobody reads why a wait has ended; without a reason, an error would be made each time. */
const RUNG = "rung";

/** Lets a loop wait, and others end the wait. A ring while nobody waits ends the next wait. */
export class Bell {
  #controller = new AbortController();
  #isRung = false;
  /** The wait ends at this moment at the latest, by the clock's `elapsedMs`. */
  #dueMs = Infinity;

  /** Ends the wait now. */
  ring(): void {
    this.#isRung = true;
    this.#controller.abort(RUNG);
  }

  /** Ends the wait at a moment, by the clock's `elapsedMs`, unless it ends earlier. */
  ringBy(dueMs: number): void {
    if (dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    this.#controller.abort(RUNG);
  }

  /** Waits for a ring, at most that long. */
  async wait(clock: Clock, milliseconds: number): Promise<void> {
    const endMs = clock.elapsedMs() + milliseconds;
    while (!this.#isRung) {
      const leftMs = Math.min(endMs, this.#dueMs) - clock.elapsedMs();
      if (leftMs <= 0) break;
      const { signal } = this.#controller = new AbortController();
      await clock.wait(leftMs, signal);
      // The clock of a machine that slept may not have gone on.
      if (!signal.aborted) break;
    }
    this.#isRung = false;
    this.#dueMs = Infinity;
  }
}
