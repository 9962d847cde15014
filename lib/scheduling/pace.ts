/**
 * When a worker does what it does now and then. Pure.
 *
 * @module
 */

/** A worker that finds nothing to do looks at most this many times more rarely. */
const MOST_PATIENCE = 5;

/**
 * How long to wait before the next look.
 *
 * @param pollMs the interval while there is work
 * @param quietTicks how many looks in a row found nothing new
 * @param random from 0 to less than 1; spreads by a fifth either way
 */
export function pollDelayMs(pollMs: number, quietTicks: number, random: number): number {
  const patience = Math.min(2 ** Math.max(quietTicks - 1, 0), MOST_PATIENCE);
  return pollMs * patience * (0.8 + 0.4 * random);
}

/** The longest pause that {@link pollDelayMs} can give. */
export function longestPollMs(pollMs: number): number {
  return pollMs * MOST_PATIENCE * 1.2;
}

/** What is ready to be reported waits so long for more, while the slots have something to run. */
export const GATHER_MS = 500;

/** So many finished tasks are settled without waiting for more. */
const SETTLE_AT = 500;
/** Finished tasks wait about this long for others, so that a settlement is worth its push. */
const SETTLE_AFTER_MS = 2_000;

/**
 * Whether to settle now.
 *
 * @param finished how many tasks are finished and not settled
 * @param waitedMs how long there has been one
 * @param jitter from 0 to less than 1, drawn once a wait: it keeps workers from settling at once
 */
export function isSettlingDue(finished: number, waitedMs: number, jitter: number): boolean {
  return finished >= SETTLE_AT || (finished > 0 && waitedMs >= SETTLE_AFTER_MS * (0.5 + jitter));
}
