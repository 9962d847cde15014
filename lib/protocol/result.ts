/**
 * A result: how a task ended (DESIGN.md section 3, Contract).
 *
 * @module
 */
import { z } from "zod";
import {
  attemptSchema,
  finalStatusOf,
  type LiveState,
  type Status,
  STATUSES,
} from "./live_state.ts";
import { isDeeperThan, MAX_DEPTH } from "./nesting.ts";
import type { Parsed } from "./problem.ts";
import { decodeRecord } from "./record.ts";
import type { Task } from "./task.ts";

/** What running an attempt brought forth. */
export interface Execution {
  /** No executor says `lost`: that is found by others. */
  status: Status;
  /** The container's; -2 on timeout; null where nothing ran. */
  exit_code: number | null;
  stdout: string;
  stderr: string;
  stdout_truncated: boolean;
  stderr_truncated: boolean;
  /** What a module returned; absent where it returned nothing, and for scripts. */
  output?: unknown;
  /** RFC 3339; absent where nothing ran. */
  started_at?: string;
  duration_ms: number;
  /** The container image that ran it; absent for modules. */
  image?: string;
  /** A sentence for everything but success and failed; for failed where there is more to say. */
  reason?: string;
}

const nullableString = z.string().nullable();
/** A task as it stands in a result, or what a module returned. */
const shallow = z.unknown().refine((value) => !isDeeperThan(value, MAX_DEPTH), {
  error: `must be nested at most ${MAX_DEPTH} levels deep`,
});

/** What a result has from the execution, as it was. */
const fromExecution = {
  status: z.enum(STATUSES),
  exit_code: z.int().nullable(),
  stdout: z.string(),
  stderr: z.string(),
  stdout_truncated: z.boolean(),
  stderr_truncated: z.boolean(),
  output: shallow.optional(),
  duration_ms: z.number(),
  reason: z.string().optional(),
};

/** An execution as a record, for what has to wait before it can be said. */
export const executionSchema: z.ZodType<Execution> = z.strictObject({
  ...fromExecution,
  started_at: z.string().optional(),
  image: z.string().optional(),
});

const resultSchema = z.object({
  task_id: z.string(),
  node_id: z.string(),
  attempt: z.int(),
  ...fromExecution,
  created_at: nullableString,
  claimed_at: z.string(),
  started_at: nullableString,
  timestamp: z.string(),
  image: nullableString,
  attempts: z.array(attemptSchema),
  task: shallow.optional(),
});
export type Result = z.infer<typeof resultSchema>;

/** Reads a result file. */
export function decodeResult(bytes: Uint8Array): Parsed<Result> {
  return decodeRecord(resultSchema, bytes);
}

/**
 * The result of a task that has just finished.
 *
 * @param task the spec as claimed; undefined where the file in the queue was no task
 */
export function buildResult(
  state: LiveState,
  execution: Execution,
  task: Task | undefined,
): Result {
  const last = state.attempts.at(-1)!;
  return {
    task_id: state.task_id,
    node_id: last.node_id,
    attempt: last.attempt,
    status: finalStatusOf(state),
    exit_code: execution.exit_code,
    stdout: execution.stdout,
    stderr: execution.stderr,
    stdout_truncated: execution.stdout_truncated,
    stderr_truncated: execution.stderr_truncated,
    output: execution.output,
    created_at: task?.created_at ?? null,
    claimed_at: last.claimed_at,
    started_at: execution.started_at ?? null,
    timestamp: last.ended_at,
    duration_ms: execution.duration_ms,
    image: execution.image ?? null,
    attempts: state.attempts,
    reason: execution.reason,
    task: task ?? null,
  };
}

/** The execution of a task that never ran. */
export function notRun(status: Status, reason: string): Execution {
  return {
    status,
    exit_code: null,
    stdout: "",
    stderr: "",
    stdout_truncated: false,
    stderr_truncated: false,
    duration_ms: 0,
    reason,
  };
}
