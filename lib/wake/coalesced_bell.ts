import type { Clock } from "../clock.ts";

/**
 * Makes few rings of many: the first is passed on at once, those that follow within the gap become one
 * at its end. So whoever is woken sees the last of what happened, and no flood makes him spin.
 */
export class CoalescedBell implements Disposable {
  readonly #over = new AbortController();
  #earliestMs = -Infinity;
  #isWaiting = false;

  /**
   * @param pass called at most once every `gapMs`
   * @param gapMs in milliseconds
   */
  constructor(
    private readonly pass: () => void,
    private readonly gapMs: number,
    private readonly clock: Clock,
  ) {}

  ring(): void {
    if (this.#isWaiting || this.#over.signal.aborted) return;
    const restMs = this.#earliestMs - this.clock.elapsedMs();
    if (restMs <= 0) return this.#passOn();
    this.#isWaiting = true;
    void this.clock.wait(restMs, this.#over.signal).then(() => {
      this.#isWaiting = false;
      if (!this.#over.signal.aborted) this.#passOn();
    });
  }

  /** Nothing is passed on any more. */
  [Symbol.dispose](): void {
    this.#over.abort();
  }

  #passOn(): void {
    this.#earliestMs = this.clock.elapsedMs() + this.gapMs;
    this.pass();
  }
}
