/**
 * Retrying: a further run of a task that failed, under the same id.
 *
 * One commit on the branch takes the failed result away and puts its task back into the queue; the
 * old result stays in Git's history. Why nothing runs twice by it:
 *
 * - *Two who retry, or retry and submit.* Both move the branch by compare-and-swap, and look again at
 *   the tip that won; there the task is queued, so the second is refused.
 * - *Retry and settle.* A settlement moves the branch, too. Whoever comes second does its work anew on
 *   the other's tip: a result is only taken away where it stands, and placed where there is none.
 * - *A worker with an old view of the branch.* In a view from before the result was settled, the task
 *   is queued as well, and its file may be the same byte for byte. But the shard's settled mark names
 *   the settlement of that result, or a later one, so such a worker may claim nothing there before it
 *   has read a branch that contains it (DESIGN.md section 4, rule 2). In all views that do, the task
 *   is queued only after the retry and before its next result; until then, its entry on the shard
 *   lets one node have it.
 * - *What a former owner still has to say.* The new run has an entry of its own, without attempts. Who
 *   reports names the instant of its claim, which is that of no claim of the new run.
 *
 * @module
 */
import { queuePath, resultPaths } from "../protocol/layout.ts";
import type { LiveState } from "../protocol/live_state.ts";
import { shardOf } from "../protocol/identity.ts";
import { describeProblems } from "../protocol/problem.ts";
import { encodeRecord } from "../protocol/record.ts";
import { decodeResult } from "../protocol/result.ts";
import { checkAgainstSettings, type Settings } from "../protocol/settings.ts";
import { checkTask, type Task } from "../protocol/task.ts";
import { commitToBranch } from "./branch.ts";
import type { Ledger } from "./ledger.ts";
import { noPlainFile } from "./queue_file.ts";
import { RefusedTasks, unknownTask } from "./refused_tasks.ts";
import { MAX_RESULT_BYTES } from "./results.ts";
import { type Change, type Oid, type StoreEntry, wholeContent } from "./store.ts";

/**
 * Puts failed tasks back into the queue, all in one commit.
 *
 * @returns the commit on the branch
 * @throws {RefusedTasks} when one of them cannot be retried; then none is
 */
export async function retryTasks(ledger: Ledger, taskIds: string[]): Promise<Oid> {
  const ids = [...new Set(taskIds)];
  const subject = ids.length === 1 ? `retry ${ids[0]}` : `retry ${ids.length} tasks`;
  const commit = await commitToBranch(ledger, subject, () => retryChanges(ledger, ids));
  return commit!;
}

/** What to do to the branch as last seen. */
async function retryChanges(ledger: Ledger, ids: string[]): Promise<Change[]> {
  const places = await ledger.store.find(ledger.main.commit, ids.flatMap(resultPaths));
  const plans = await Promise.all(ids.map((id) => planFor(ledger, id, places)));
  const refusals = plans.flatMap((plan) => "words" in plan ? [plan] : []);
  if (refusals.length > 0) throw new RefusedTasks("retrying", refusals);
  // A file of an older run that came back into the queue must not run in place of the task.
  const leftovers = ledger.main.leftovers.map((path): Change => ({ path, remove: true }));
  return [...leftovers, ...plans.flatMap((plan) => "task" in plan ? changesOf(plan) : [])];
}

/** A task that can be retried: the path of its result, and what to run. */
interface Plan {
  result: string;
  task: Task;
}

function changesOf({ result, task }: Plan): Change[] {
  return [
    { path: result, remove: true },
    { path: queuePath(task.task_id, task.priority), bytes: encodeRecord(task) },
  ];
}

async function planFor(
  ledger: Ledger,
  task_id: string,
  places: ReadonlyMap<string, StoreEntry>,
): Promise<Plan | ReturnType<typeof unknownTask>> {
  const refused = (words: string) => ({ task_id, isUnknown: false, words });
  const unsettled = whyUnsettled(ledger, task_id);
  if (unsettled !== undefined) return refused(unsettled);
  const [completed, failed] = resultPaths(task_id).map((path) => places.get(path));
  if (completed) return refused("it succeeded; to run it again, submit it under another id");
  if (failed) {
    const task = await taskOf(ledger, task_id, failed);
    return typeof task === "string" ? refused(task) : { result: failed.path, task };
  }
  if (ledger.main.pathsOf.has(task_id)) return refused("it is queued already");
  return unknownTask(task_id);
}

/** Why a task is in no state to be retried, undefined where it has no entry on the live edge. */
function whyUnsettled(ledger: Ledger, taskId: string): string | undefined {
  const problem = ledger.shard(shardOf(taskId)).broken.get(taskId);
  if (problem !== undefined) return `its entry on the live edge cannot be read: ${problem}`;
  const state = ledger.stateOf(taskId);
  return state && ADVICE[state.status](state);
}

const ADVICE: Record<LiveState["status"], (state: LiveState) => string> = {
  claimed: ({ node_id, attempt }) =>
    `it runs on ${node_id}, attempt ${attempt}; to end that, cancel it: dgrid cancel`,
  retrying: () => "it will be tried again by itself; see: dgrid explain",
  cancelling: ({ node_id }) => `${node_id} is about to stop it; try again when it has`,
  finished: () => "it has ended, but is not settled yet; settle it first: dgrid settle",
};

/** What a result says was run, or why that cannot be run again. */
async function taskOf(
  { store, main }: Ledger,
  taskId: string,
  { path, oid, kind }: StoreEntry,
): Promise<Task | string> {
  if (kind !== "file") return `${path}: ${noPlainFile(kind)}`;
  const content = wholeContent((await store.read([oid], MAX_RESULT_BYTES)).get(oid));
  if (content === undefined) return `${path}: it is too large`;
  const result = decodeResult(content);
  if (!result.ok) return `${path}: ${describeProblems(result.problems)}`;
  return runnable(taskId, result.value.task, main.settings);
}

function runnable(taskId: string, found: unknown, settings: Settings): Task | string {
  if (found === undefined || found === null) {
    return "its file in the queue was no task; submit a mended one under another id";
  }
  const task = checkTask(found);
  if (!task.ok) return `the task in its result is none: ${describeProblems(task.problems)}`;
  if (task.value.task_id !== taskId) return `its result holds another task, ${task.value.task_id}`;
  const allowed = checkAgainstSettings(task.value, settings);
  return allowed.ok
    ? allowed.value
    : `the grid would not run it any more: ${describeProblems(allowed.problems)}`;
}
