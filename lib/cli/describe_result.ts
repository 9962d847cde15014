import type { Result } from "../protocol/result.ts";
import { inOneLine } from "./printable.ts";

/** A result in one line: `t1: failed with exit code 1 on worker-1 after 0.2 s, attempt 1`. */
export function describeResult(result: Result): string {
  const { task_id, status, exit_code, node_id, duration_ms, attempt, reason } = result;
  const code = status === "failed" && exit_code !== null ? ` with exit code ${exit_code}` : "";
  const tries = attempt > 1 ? `, attempt ${attempt}` : "";
  const after = `after ${(duration_ms / 1000).toFixed(1)} s`;
  const why = reason === undefined ? "" : `: ${inOneLine(reason)}`;
  return `${task_id}: ${status}${code} on ${node_id} ${after}${tries}${why}`;
}
