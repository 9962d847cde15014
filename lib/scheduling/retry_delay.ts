const FIRST_SECONDS = 2;
const LONGEST_SECONDS = 300;

/**
 * How long a task waits before its next attempt: twice as long after each failure, from 2 s to
 * 300 s, spread by half so that tasks that failed together are not tried together.
 *
 * @param attempt the number of the attempt that failed, from 1
 * @param random from 0 to less than 1
 * @returns milliseconds
 */
export function retryDelayMs(attempt: number, random: number): number {
  const longest = Math.min(FIRST_SECONDS * 2 ** (attempt - 1), LONGEST_SECONDS);
  return Math.round(longest * 1000 * (0.5 + random / 2));
}
