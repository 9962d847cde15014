/** Runs modules in sandboxes for tests. */
import { SandboxExecutor, type SandboxOptions } from "../../lib/executor/sandbox.ts";
import type { Execution } from "../../lib/protocol/result.ts";
import { job, NEVER } from "./jobs.ts";

/** Runs one module to its end. */
export async function runModule(
  module: string,
  fields: Record<string, unknown> = {},
  outputLimitBytes?: number,
): Promise<Execution> {
  return await runModuleIn({}, module, fields, outputLimitBytes);
}

/** Runs one module in a sandbox that is started in a given way. */
export async function runModuleIn(
  options: SandboxOptions,
  module: string,
  fields: Record<string, unknown> = {},
  outputLimitBytes?: number,
): Promise<Execution> {
  await using executor = new SandboxExecutor(options);
  return await executor.run(job({ module, ...fields }, outputLimitBytes), NEVER);
}

/** The parts of a result that say how it ended. */
export function endOf({ status, exit_code, reason, output }: Execution): Partial<Execution> {
  return { status, exit_code, reason, output };
}

/** What {@link endOf} gives for a success. */
export function success(output?: unknown): Partial<Execution> {
  return { status: "success", exit_code: 0, reason: undefined, output };
}

/** What {@link endOf} gives for a failure with code 1. */
export function failure(reason: string): Partial<Execution> {
  return { status: "failed", exit_code: 1, reason, output: undefined };
}
