/**
 * Whether figures reach their targets.
 *
 * @module
 */
import type { Bound, Figures, Target } from "./benchmark.ts";
import { summarize } from "./statistics.ts";

/** The figures of one round. */
export interface Measured {
  own: Figures;
  reference?: Figures;
}

export interface Verdict {
  target: Target;
  /** What was found. */
  value: number;
  /** What it was held against: the short form has bounds of its own. */
  bound: Bound;
  isReached: boolean;
  /** Whether the program fails where it is not reached. */
  isBinding: boolean;
}

/** All values of a figure of one side, round after round. */
export function valuesOf(rounds: (Figures | undefined)[], figure: string): number[] {
  return rounds.flatMap((figures) => figures?.[figure] ?? []);
}

/**
 * Ours divided by the reference's, for each round. Where a round gives several, by their medians.
 */
export function ratiosOf(rounds: Measured[], figure: string): number[] {
  return rounds.flatMap(({ own, reference }) => {
    const ours = summarize(valuesOf([own], figure), "median");
    const theirs = summarize(valuesOf([reference], figure), "median");
    return Number.isNaN(theirs) ? [] : [ours / theirs];
  });
}

/** Judges all targets that this form has a bound for. A figure that was not measured reaches none. */
export function judgeAll(targets: Target[], rounds: Measured[], short: boolean): Verdict[] {
  return targets.flatMap((target) => {
    const bound = short ? target.shortBound ?? target.bound : target.bound;
    return bound === undefined ? [] : [judge(target, bound, { rounds, short })];
  });
}

function judge(
  target: Target,
  bound: Bound,
  { rounds, short }: { rounds: Measured[]; short: boolean },
): Verdict {
  const { figure, of, statistic = "median" } = target;
  const values = of === "ratio"
    ? ratiosOf(rounds, figure)
    : valuesOf(rounds.map(({ own }) => own), figure);
  const value = summarize(values, statistic);
  const isBinding = !short || (of !== "machine" && target.shortBound !== undefined);
  return { target, value, bound, isReached: isWithin(value, bound), isBinding };
}

export function isWithin(value: number, bound: Bound): boolean {
  return "least" in bound ? value >= bound.least : value <= bound.most;
}
