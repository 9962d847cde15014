import type { Hits } from "./pi_tasks.ts";

/** An estimate of π, and the interval that holds the true value in 95 of 100 cases. */
export interface Estimate {
  pi: number;
  low: number;
  high: number;
  samples: number;
}

/** In 95 % of all cases a normal variable is no further than this from its mean, in deviations. */
const DEVIATIONS = 1.959964;

/**
 * Estimates π. A point is inside with the probability π/4; the interval is that of the normal
 * approximation, which is good for the thousands of points that there are.
 */
export function estimatePi(parts: Hits[]): Estimate {
  const samples = parts.reduce((sum, part) => sum + part.samples, 0);
  const inside = parts.reduce((sum, part) => sum + part.inside, 0);
  const share = inside / samples;
  const half = DEVIATIONS * 4 * Math.sqrt(share * (1 - share) / samples);
  return { pi: 4 * share, low: 4 * share - half, high: 4 * share + half, samples };
}

/** Whether the interval holds π. */
export function holdsPi({ low, high }: Estimate): boolean {
  return low <= Math.PI && Math.PI <= high;
}
