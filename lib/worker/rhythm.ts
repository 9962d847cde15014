/** Of a moving average, the part of the newest. */
const NEWEST_PART = 0.2;

/** How long a worker's attempts and its ticks take of late. */
export class Rhythm {
  #taskMs?: number;
  #tickMs = 0;

  noteTask(milliseconds: number): void {
    this.#taskMs = averaged(this.#taskMs, milliseconds);
  }

  noteTick(milliseconds: number): void {
    this.#tickMs = averaged(this.#tickMs, milliseconds);
  }

  /** Undefined where none has ended yet. */
  get taskMs(): number | undefined {
    return this.#taskMs;
  }

  get tickMs(): number {
    return this.#tickMs;
  }
}

function averaged(before: number | undefined, milliseconds: number): number {
  return before === undefined ? milliseconds : before + (milliseconds - before) * NEWEST_PART;
}
