/**
 * Ctrl-C, and what a service manager sends to stop a program.
 *
 * @module
 */
import { type Clock, systemClock } from "../clock.ts";

export type StopSignal = "SIGINT" | "SIGTERM";
const STOP_SIGNALS: readonly StopSignal[] = ["SIGINT", "SIGTERM"];

/** `deno task` hands a terminal's Ctrl-C on to a program that has got it already: that is one. */
const ECHO_MS = 500;

/** Listens for signals until its scope ends. Elsewhere they end the program, as usual. */
export class Interrupts implements Disposable {
  /** The first one that came. */
  first?: StopSignal;
  #firstMs = 0;
  readonly #once = new AbortController();
  readonly #twice = new AbortController();
  readonly #listeners: [StopSignal, () => void][];

  readonly #clock: Clock;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.#listeners = STOP_SIGNALS.map((name) => [name, () => this.#note(name)]);
    for (const [name, listener] of this.#listeners) Deno.addSignalListener(name, listener);
  }

  /** Aborted by the first. */
  get signal(): AbortSignal {
    return this.#once.signal;
  }

  /** Aborted by the second: there is no time left. */
  get hardSignal(): AbortSignal {
    return this.#twice.signal;
  }

  [Symbol.dispose](): void {
    for (const [name, listener] of this.#listeners) Deno.removeSignalListener(name, listener);
  }

  #note(name: StopSignal): void {
    const nowMs = this.#clock.elapsedMs();
    if (this.first !== undefined) {
      const isEcho = name === this.first && nowMs - this.#firstMs < ECHO_MS;
      if (!isEcho) this.#twice.abort(new DOMException("a second signal came", "AbortError"));
      return;
    }
    this.first = name;
    this.#firstMs = nowMs;
    this.#once.abort();
  }
}
