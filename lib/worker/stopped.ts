/**
 * Why a worker stops an attempt.
 *
 * - `leaving`: the worker ends; the attempt is handed back
 * - `unrenewed`: no sign of life could be given in time; it is handed back, should it still be ours
 * - `cancelled`: somebody wants the task to end
 * - `fenced`: the attempt is over for everybody else; there is nothing to be said about it
 */
export type StopReason = "leaving" | "unrenewed" | "cancelled" | "fenced";

/** The reason of the signal that stops an attempt. */
export class Stopped extends Error {
  override name = "Stopped";
  constructor(readonly why: StopReason) {
    super(`stopped: ${why}`);
  }
}
