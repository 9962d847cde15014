/**
 * Submitting: all tasks land in one commit, or none.
 *
 * @module
 */
import { queuePath, resultPaths } from "../protocol/layout.ts";
import { InvalidInput } from "../protocol/problem.ts";
import { encodeRecord } from "../protocol/record.ts";
import type { Task } from "../protocol/task.ts";
import { commitToBranch } from "./branch.ts";
import type { Ledger } from "./ledger.ts";
import type { Oid } from "./store.ts";

/**
 * Puts tasks into the queue.
 *
 * @returns the commit on the branch
 * @throws {InvalidInput} when an id exists already, wherever the task is now
 */
export async function submitTasks(ledger: Ledger, tasks: Task[]): Promise<Oid> {
  refuseTwins(tasks);
  const subject = tasks.length === 1
    ? `submit ${tasks[0].task_id}`
    : `submit ${tasks.length} tasks`;
  const commit = await commitToBranch(ledger, subject, async () => {
    await refuseKnown(ledger, tasks);
    return tasks.map((task) => ({
      path: queuePath(task.task_id, task.priority),
      bytes: encodeRecord(task),
    }));
  });
  return commit!;
}

function refuseTwins(tasks: Task[]): void {
  const seen = new Set<string>();
  for (const { task_id } of tasks) {
    if (seen.has(task_id)) throw new InvalidInput(`submitting: task_id "${task_id}" stands twice`);
    seen.add(task_id);
  }
}

async function refuseKnown(ledger: Ledger, tasks: Task[]): Promise<void> {
  const paths = tasks.flatMap(({ task_id }) => resultPaths(task_id));
  const settled = await ledger.store.find(ledger.main.commit, paths);
  for (const { task_id } of tasks) {
    const result = resultPaths(task_id).find((path) => settled.has(path));
    const where = result ?? ledger.main.pathsOf.get(task_id)?.[0] ??
      (ledger.stateOf(task_id) && "the live edge");
    if (where !== undefined) {
      throw new InvalidInput(
        `submitting: task_id "${task_id}": exists already (${where}); choose another id`,
      );
    }
  }
}
