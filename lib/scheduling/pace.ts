/**
 * When a worker does what it does now and then. Pure.
 *
 * @module
 */

/**
 * A worker that runs something looks at most this many times more rarely than with work to do: what is
 * cancelled goes on until then.
 */
const WATCHFUL = 2;
/** Pauses differ by a tenth either way, so that workers do not look all at once. */
const SPREAD = 0.1;

/** How long a worker waits between two looks, in milliseconds. */
export interface PollPace {
  /** While there is work. */
  pollMs: number;
  /** When there has long been none. */
  maxMs: number;
}

/**
 * How long to wait before the next look: twice as long each time that there was nothing new.
 *
 * @param quietTicks how many looks in a row found nothing new
 * @param random from 0 to less than 1; spreads by a tenth either way
 */
export function pollDelayMs(
  { pollMs, maxMs }: PollPace,
  quietTicks: number,
  random: number,
): number {
  const delayMs = pollMs * 2 ** Math.max(quietTicks - 1, 0);
  return Math.max(pollMs, Math.min(delayMs, maxMs)) * (1 - SPREAD + 2 * SPREAD * random);
}

/** The longest pause between two looks of a worker that runs something, which may be cancelled. */
export function watchfulPollMs(pollMs: number): number {
  return pollMs * WATCHFUL;
}

/** The longest pause that {@link pollDelayMs} can give. */
export function longestPollMs({ pollMs, maxMs }: PollPace): number {
  return Math.max(pollMs, maxMs) * (1 + SPREAD);
}

/** What is ready to be reported waits so long for more, while the slots have something to run. */
export const GATHER_MS = 500;

/** So many finished tasks are settled without waiting for more. */
const SETTLE_AT = 500;
/** So many, where each push is taken in turn and may hold ten times as much. */
const SETTLE_AT_IN_TURN = 2_500;
/** Finished tasks wait about this long for others, so that a settlement is worth its push. */
const SETTLE_AFTER_MS = 2_000;

/** What speaks for settling. */
export interface Unsettled {
  /** How many tasks are finished and not settled. */
  finished: number;
  /** How long there has been one. */
  waitedMs: number;
  /** From 0 to less than 1, drawn once a wait: it keeps workers from settling at once. */
  jitter: number;
  /** Where pushes are taken in turn, how long a round of turns takes. */
  roundMs?: number;
}

/** Whether to settle now. */
export function isSettlingDue({ finished, waitedMs, jitter, roundMs }: Unsettled): boolean {
  if (finished >= (roundMs === undefined ? SETTLE_AT : SETTLE_AT_IN_TURN)) return true;
  const afterMs = Math.max(SETTLE_AFTER_MS, roundMs ?? 0);
  return finished > 0 && waitedMs >= afterMs * (0.5 + jitter);
}
