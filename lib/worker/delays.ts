/** Lengths of time in numbers, in milliseconds. */
export interface DelayCounts {
  count: number;
  sum_ms: number;
  /** Right to within a twentieth; 0 where nothing was counted. */
  median_ms: number;
  max_ms: number;
}

/** A length falls into the same class as others that differ by at most a twelfth. */
const CLASSES_PER_DOUBLING = 8;

/** Counts lengths of time in as little memory however many there are: how many fall into each class. */
export class Delays {
  readonly #classes = new Map<number, number>();
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  note(milliseconds: number): void {
    const at = classOf(milliseconds);
    this.#classes.set(at, (this.#classes.get(at) ?? 0) + 1);
    this.#count++;
    this.#sumMs += milliseconds;
    this.#maxMs = Math.max(this.#maxMs, milliseconds);
  }

  snapshot(): DelayCounts {
    return {
      count: this.#count,
      sum_ms: Math.round(this.#sumMs),
      median_ms: Math.round(Math.min(this.#medianMs(), this.#maxMs)),
      max_ms: Math.round(this.#maxMs),
    };
  }

  #medianMs(): number {
    let seen = 0;
    for (const [at, count] of [...this.#classes].sort(([a], [b]) => a - b)) {
      seen += count;
      if (seen * 2 >= this.#count) return middleOf(at);
    }
    return 0;
  }
}

/** 0 for less than a millisecond; from there on, a doubling has so many classes. */
function classOf(milliseconds: number): number {
  return milliseconds < 1 ? 0 : 1 + Math.floor(Math.log2(milliseconds) * CLASSES_PER_DOUBLING);
}

function middleOf(at: number): number {
  return at === 0 ? 0 : 2 ** ((at - 0.5) / CLASSES_PER_DOUBLING);
}
