/**
 * How soon a damaged local copy may be made again. Pure.
 *
 * A copy that is damaged from outside is healed by a new one, at once and as often as it happens.
 * Damage that the server itself gives out is not: the pauses between vain replacements grow.
 *
 * @module
 */

/** Between two replacements that helped. */
const SHORTEST_PAUSE_MS = 1_000;
/** Each replacement in a row that did not help makes the pause so many times longer. */
const GROWTH = 4;
const LONGEST_PAUSE_MS = 600_000;

export class ReplacementPace {
  #lastMs = -Infinity;
  #vain = 0;

  /** Whether a replacement may be made now. */
  allows(nowMs: number): boolean {
    const pauseMs = Math.min(SHORTEST_PAUSE_MS * GROWTH ** this.#vain, LONGEST_PAUSE_MS);
    return this.#lastMs === -Infinity || nowMs - this.#lastMs >= pauseMs;
  }

  /** Notes a replacement. Until it is known to have helped, it counts as a vain one. */
  noteMade(nowMs: number): void {
    this.#lastMs = nowMs;
    this.#vain++;
  }

  /** Notes that what had met the damage works in the new copy. */
  noteHelped(): void {
    this.#vain = 0;
  }
}
