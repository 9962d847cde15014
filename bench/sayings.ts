/**
 * What a node says of a task, for benchmarks that do without a worker.
 *
 * @module
 */
import type { Saying } from "../lib/ledger/draft.ts";
import type { Ledger } from "../lib/ledger/ledger.ts";
import { say } from "../lib/ledger/live_edge.ts";
import { notRun } from "../lib/protocol/result.ts";
import type { Task } from "../lib/protocol/task.ts";

/** Who says it. */
export const NODE = "worker";

/** Says something that nobody can refuse. */
export async function sayAll(ledger: Ledger, sayings: Saying[]): Promise<void> {
  const { heard } = await say(ledger, sayings);
  const deaf = heard.find((it) => !it.heard);
  if (deaf !== undefined) throw new Error(`saying: ${JSON.stringify(deaf)}`);
}

/** The claim of a task in the queue. */
export function claimOf({ main }: Ledger, { task_id }: Task, at: string): Saying {
  const spec = main.queue.get(task_id)!.blob;
  return { event: { kind: "claim", task_id, node_id: NODE, at }, spec };
}

/** The report of a success. */
export function reportOf(task: Task, at: string): Saying {
  const { task_id } = task;
  const attempt = { task_id, node_id: NODE, attempt: 1, claimed_at: at, at };
  return {
    event: { kind: "report", ...attempt, outcome: "success", retries: 0, retry_at: at },
    execution: { ...notRun("success", ""), exit_code: 0, reason: undefined },
    task,
  };
}
