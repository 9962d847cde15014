/**
 * What may be asked of a server twice is asked again where that helps: when nobody answered, or the
 * answer broke off. A push is repeated only once reading has shown that it did not take effect.
 *
 * @module
 */
import { type Clock, systemClock } from "../clock.ts";
import { GitError } from "./git_error.ts";

/** So often a question is asked, all in all. */
const MAX_TRIES = 5;
/** The first pause, which doubles each time; all of them together stay below 4 s. */
const FIRST_PAUSE_MS = 250;
/**
 * After this long nothing is tried again: who waits for an answer cannot renew its lease meanwhile,
 * and the next tick asks anyway.
 */
const MAX_ELAPSED_MS = 5_000;

/** How time passes between two tries, and how chance is drawn; passed in, so that tests take no time. */
export interface Patience {
  clock: Clock;
  /** From 0 to less than 1. */
  random(): number;
  /** Ends a pause early; nothing is tried again then. */
  signal?: AbortSignal;
  /** Told of each further try. */
  noteRetry?: () => void;
}

/** By the clock of this machine. */
export const systemPatience: Patience = { clock: systemClock, random: Math.random };

/**
 * How long to wait before a further try, in milliseconds; undefined where none is to follow.
 *
 * @param tries how many tries there have been, from 1
 * @param elapsedMs how long they have taken, with the pauses between them
 * @param random from 0 to less than 1; takes up to half of a pause away
 */
export function pauseBeforeRetry(
  tries: number,
  elapsedMs: number,
  random: number,
): number | undefined {
  if (tries >= MAX_TRIES || elapsedMs >= MAX_ELAPSED_MS) return undefined;
  return FIRST_PAUSE_MS * 2 ** (tries - 1) * (1 - random / 2);
}

/**
 * Whether asking again may help. After a time-out it does not: that has been waited for long enough.
 */
export function isWorthRetry(error: unknown): boolean {
  return error instanceof GitError && error.trouble === "unreachable";
}

/**
 * Asks until there is an answer, or asking again would not help.
 *
 * @param isWorthIt whether to ask again after an error
 * @throws what the last try threw
 */
export async function retrying<T>(
  ask: () => Promise<T>,
  patience: Patience,
  isWorthIt: (error: unknown) => boolean = isWorthRetry,
): Promise<T> {
  const { clock, random, signal, noteRetry } = patience;
  const began = clock.elapsedMs();
  for (let tries = 1;; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (!isWorthIt(error)) throw error;
      const pauseMs = pauseBeforeRetry(tries, clock.elapsedMs() - began, random());
      if (pauseMs === undefined) throw error;
      await clock.wait(pauseMs, signal);
      if (signal?.aborted) throw error;
      noteRetry?.();
    }
  }
}
