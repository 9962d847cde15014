/**
 * What many figures come to.
 *
 * @module
 */
import type { Statistic } from "./benchmark.ts";

/** The one in the middle, or the mean of the two there. NaN where there is none. */
export function median(values: number[]): number {
  const sorted = ascending(values);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle];
  return (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The smallest value that at least `percent` of a hundred of the values do not exceed (nearest rank).
 * NaN where there is none.
 */
export function percentile(values: number[], percent: number): number {
  if (values.length === 0) return NaN;
  const rank = Math.ceil(percent / 100 * values.length);
  return ascending(values)[Math.max(rank, 1) - 1];
}

/** Applies a statistic. */
export function summarize(values: number[], statistic: Statistic): number {
  switch (statistic) {
    case "median":
      return median(values);
    case "p99":
      return percentile(values, 99);
    case "most":
      return values.length === 0 ? NaN : percentile(values, 100);
    case "least":
      return values.length === 0 ? NaN : percentile(values, 0);
  }
}

/** A figure over all rounds. */
export interface Summary {
  median: number;
  least: number;
  most: number;
  p99: number;
  /** How many figures there were. */
  count: number;
}

export function summaryOf(values: number[]): Summary {
  const of = (statistic: Statistic) => summarize(values, statistic);
  return {
    median: of("median"),
    least: of("least"),
    most: of("most"),
    p99: of("p99"),
    count: values.length,
  };
}

function ascending(values: number[]): number[] {
  return values.toSorted((a, b) => a - b);
}
