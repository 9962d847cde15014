/**
 * Ctrl-C, and what a service manager sends to stop a program.
 *
 * @module
 */

export type StopSignal = "SIGINT" | "SIGTERM";
const STOP_SIGNALS: readonly StopSignal[] = ["SIGINT", "SIGTERM"];

/** Listens for signals until its scope ends. Elsewhere they end the program, as usual. */
export class Interrupts implements Disposable {
  /** The first one that came. */
  first?: StopSignal;
  readonly #once = new AbortController();
  readonly #twice = new AbortController();
  readonly #listeners: [StopSignal, () => void][];

  constructor() {
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
    if (this.first !== undefined) return this.#twice.abort();
    this.first = name;
    this.#once.abort();
  }
}
