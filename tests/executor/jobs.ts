/** Jobs for the tests of executors. */
import type { Job } from "../../lib/executor/executor.ts";
import { checkTask } from "../../lib/protocol/task.ts";
import { TEST_IMAGE } from "../support/container_engine.ts";

/** A signal that never fires. */
export const NEVER: AbortSignal = new AbortController().signal;

/** A job for a task with the given fields. */
export function job(fields: Record<string, unknown>, outputLimitBytes = 10_240): Job {
  const task = checkTask({ task_id: "t-1", timeout_seconds: 20, ...fields });
  if (!task.ok) throw new Error(JSON.stringify(task.problems));
  const node_id = `test-${crypto.randomUUID()}`;
  return { task: task.value, attempt: 1, node_id, defaultImage: TEST_IMAGE, outputLimitBytes };
}
