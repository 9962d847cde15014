/**
 * How long something takes.
 *
 * @module
 */

/** In milliseconds. */
export async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** How many a second, of something that is done to so many. */
export async function ratePerSecond(count: number, work: () => Promise<unknown>): Promise<number> {
  return count / (await millisecondsOf(work) / 1000);
}
