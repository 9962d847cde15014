import { killQuietly } from "../process.ts";
import { GitError } from "./git_error.ts";

/** Of which command a step is, and how long it may take. */
export interface StepLimit {
  child: Deno.ChildProcess;
  limitMs: number;
  /** Told how long it took, in milliseconds. */
  noteMs?: (milliseconds: number) => void;
}

/**
 * Waits for one step of a command that stays and is spoken to; kills it when that takes too long.
 *
 * @param action what is being done, for the error message
 * @throws {GitError} with `timed_out` when the step took too long, else what the step throws
 */
export async function withinLimit<T>(
  action: string,
  { child, limitMs, noteMs }: StepLimit,
  step: () => Promise<T>,
): Promise<T> {
  let isLate = false;
  const began = performance.now();
  const timer = setTimeout(() => {
    isLate = true;
    killQuietly(child);
  }, limitMs);
  try {
    return await step();
  } catch (error) {
    if (!isLate) throw error;
    throw new GitError(`${action}: no end within ${limitMs / 1000} s`, "timed_out", 128);
  } finally {
    clearTimeout(timer);
    noteMs?.(performance.now() - began);
  }
}
