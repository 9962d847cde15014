/**
 * What became of a module, by what its process left. Pure.
 *
 * @module
 */
import { type RunResult, textOf } from "../process.ts";
import { isDeeperThan, MAX_DEPTH } from "../protocol/nesting.ts";
import type { Execution } from "../protocol/result.ts";
import type { Task } from "../protocol/task.ts";
import { printed, timedOut } from "./outcome.ts";
import type { SandboxFrame } from "./sandbox_bootstrap.ts";

/** The reason for an output whose JSON could not be handled, though it may not be large. */
export const OUTPUT_TOO_DEEP = `its output is nested deeper than ${MAX_DEPTH} levels`;

/** Decides how an attempt at a module ended. */
export function sandboxOutcome(
  task: Task,
  result: RunResult,
  frame: SandboxFrame | undefined,
): Omit<Execution, "started_at" | "duration_ms"> {
  const text = printed(result.stdout, result.stderr);
  if (frame?.ok && isDeeperThan(frame.output, MAX_DEPTH)) {
    return { ...text, status: "failed", exit_code: 1, reason: `RangeError: ${OUTPUT_TOO_DEEP}` };
  }
  if (frame?.ok) {
    const success = { ...text, status: "success", exit_code: 0 } as const;
    return "output" in frame ? { ...success, output: frame.output } : success;
  }
  if (frame !== undefined) {
    const reason = explained(frame.reason, task);
    return { ...text, status: "failed", exit_code: 1, reason };
  }
  if (result.timedOut) return { ...text, ...timedOut(task.timeout_seconds) };
  const exit_code = result.code === 0 ? 1 : result.code;
  return { ...text, status: "failed", exit_code, reason: reasonOf(result, task) };
}

/** An error that the module could not or did not catch; a lack of memory gets its cause added. */
function explained(reason: string, task: Task): string {
  return /^RangeError: .*(allocat|memory)/i.test(reason)
    ? `${reason}; ${memoryLimit(task)}`
    : reason;
}

function reasonOf(result: RunResult, task: Task): string {
  if (ranOutOfMemory(result)) return `it ran out of memory; ${memoryLimit(task)}`;
  if (result.signal === "SIGXCPU" || result.signal === "SIGKILL") {
    return `it was killed by ${result.signal}: it used too much processor time, or the system did it`;
  }
  const how = result.signal === null ? `with exit code ${result.code}` : `by ${result.signal}`;
  return `its process ended ${how} before it returned`;
}

/** V8 and Rust abort with these signals and say why, unless the module has printed too much. */
function ranOutOfMemory({ signal, stderr }: RunResult): boolean {
  const aborted = signal === "SIGTRAP" || signal === "SIGABRT" || signal === "SIGILL";
  const said = /out of memory|memory allocation of \d+ bytes failed|OOM/.test(textOf(stderr));
  return aborted && (said || stderr.truncated);
}

function memoryLimit({ resources }: Task): string {
  return `memory_mb is ${resources.memory_mb}`;
}
