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

/** What is ready to be reported waits so long for more at least, and at most. */
const GATHER_MS = 500;
const MOST_GATHER_MS = 2_000;
/** Where a push takes long, no more than this part of the time is spent for pushes. */
const PUSHING_PART = 1 / 10;

/**
 * How long what is ready to be reported waits for more, while the slots have something to run.
 *
 * @param actMs how long a push takes, with the look before it
 */
export function gatherMs(actMs: number): number {
  return Math.min(Math.max(GATHER_MS, actMs / PUSHING_PART), MOST_GATHER_MS);
}

/** So many finished tasks are settled without waiting for more. */
const SETTLE_AT = 500;
/** So many, where each push is taken in turn and may hold ten times as much. */
const SETTLE_AT_IN_TURN = 2_500;
/** Finished tasks wait about this long for others, so that a settlement is worth its push. */
const SETTLE_AFTER_MS = 2_000;
/** All nodes together settle at most once in the time that so many settlements take. */
const SETTLING_PART = 1 / 3;

/** What speaks for settling. */
export interface Unsettled {
  /** How many tasks are finished and not settled. */
  finished: number;
  /** From 0 to less than 1, drawn once a wait: it keeps workers from settling at once. */
  jitter: number;
  /** How many nodes settle, each for itself, and how long one of them takes for it. */
  nodes: number;
  actMs: number;
  /** Where pushes are taken in turn, how long a round of turns takes. */
  roundMs?: number;
}

/** How long after the first of them was finished to settle. */
export function settleAfterMs({ finished, jitter, nodes, actMs, roundMs }: Unsettled): number {
  if (finished >= (roundMs === undefined ? SETTLE_AT : SETTLE_AT_IN_TURN)) return 0;
  const shareMs = (nodes * actMs) / SETTLING_PART;
  return Math.max(SETTLE_AFTER_MS, roundMs ?? shareMs) * (0.5 + jitter);
}
