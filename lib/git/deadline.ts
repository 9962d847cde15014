import { killQuietly } from "../process.ts";
import { GitError } from "./git_error.ts";

/**
 * Waits for one step of a command that stays and is spoken to; kills it when that takes too long.
 *
 * @param action what is being done, for the error message
 * @throws {GitError} with `timed_out` when the step took too long, else what the step throws
 */
export async function withinLimit<T>(
  action: string,
  { child, limitMs }: { child: Deno.ChildProcess; limitMs: number },
  step: () => Promise<T>,
): Promise<T> {
  let isLate = false;
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
  }
}
