/** Lets so many through at a time, in the order in which they came. It can be shut for a while. */
export class Turnstile {
  #free: number;
  #isShut = false;
  readonly #line = new Set<() => void>();

  constructor(places: number) {
    this.#free = places;
  }

  /** Whether whoever comes now is let through at once. */
  get isFree(): boolean {
    return this.#free > 0 && !this.#isShut;
  }

  /** How many wait for a place. */
  get waiting(): number {
    return this.#line.size;
  }

  /**
   * Waits for a place.
   *
   * @throws the signal's reason, when it fires before there is one
   */
  async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.isFree) {
      this.#free--;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      this.#line.delete(resolve);
      reject(signal.reason);
    };
    this.#line.add(resolve);
    signal.addEventListener("abort", leave);
    await promise.finally(() => signal.removeEventListener("abort", leave));
  }

  /** Gives a place back, to whoever has waited longest. */
  leave(): void {
    this.#free++;
    this.#letThrough();
  }

  /** Lets nobody through until it is opened; who is through already stays so. */
  shut(): void {
    this.#isShut = true;
  }

  open(): void {
    this.#isShut = false;
    this.#letThrough();
  }

  #letThrough(): void {
    for (const next of this.#line) {
      if (!this.isFree) return;
      this.#free--;
      this.#line.delete(next);
      next();
    }
  }
}
