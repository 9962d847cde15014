/**
 * The parts of an {@link Execution} that every executor fills in the same way.
 *
 * @module
 */
import { type Captured, textOf } from "../process.ts";
import type { Execution } from "../protocol/result.ts";

/** The exit code of an attempt whose time was over (DESIGN.md section 3, Contract). */
export const TIMEOUT_EXIT_CODE = -2;

/** What an attempt printed, as a result holds it. */
export function printed(stdout: Captured, stderr: Captured): Pick<
  Execution,
  "stdout" | "stderr" | "stdout_truncated" | "stderr_truncated"
> {
  return {
    stdout: textOf(stdout),
    stderr: textOf(stderr),
    stdout_truncated: stdout.truncated,
    stderr_truncated: stderr.truncated,
  };
}

/** How an attempt ends whose time was over. */
export function timedOut(timeoutSeconds: number): Pick<
  Execution,
  "status" | "exit_code" | "reason"
> {
  const reason = `stopped after ${timeoutSeconds} s, its time limit`;
  return { status: "timeout", exit_code: TIMEOUT_EXIT_CODE, reason };
}

/** How an attempt ends by the exit code of its program. */
export function byExitCode(code: number): Pick<Execution, "status" | "exit_code"> {
  return { status: code === 0 ? "success" : "failed", exit_code: code };
}
