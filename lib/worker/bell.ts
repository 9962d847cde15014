import type { Clock } from "../clock.ts";

/** Lets a loop wait, and others end the wait. A ring while nobody waits ends the next wait. */
export class Bell {
  #controller = new AbortController();

  ring(): void {
    this.#controller.abort();
  }

  /** Waits for a ring, at most that long. */
  async wait(clock: Clock, milliseconds: number): Promise<void> {
    await clock.wait(milliseconds, this.#controller.signal);
    if (this.#controller.signal.aborted) this.#controller = new AbortController();
  }
}
