/** Of a moving average, the part of the newest. */
const NEWEST_PART = 0.2;

/** How long a worker's attempts take of late, and its ticks: those in which it pushes. */
export class Rhythm {
  #taskMs?: number;
  #tickMs?: number;

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

  /** 0 where there has been none. */
  get tickMs(): number {
    return this.#tickMs ?? 0;
  }
}

function averaged(before: number | undefined, milliseconds: number): number {
  return before === undefined ? milliseconds : before + (milliseconds - before) * NEWEST_PART;
}
