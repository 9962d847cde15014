/**
 * Reading specs: what a task runs, exactly as it was claimed.
 *
 * @module
 */
import { shardOf } from "../protocol/identity.ts";
import { SHARD_PATHS } from "../protocol/layout.ts";
import { describeProblems } from "../protocol/problem.ts";
import { decodeTask, MAX_TASK_BYTES, type Task, tooLargeRule } from "../protocol/task.ts";
import type { Ledger } from "./ledger.ts";
import { noPlainFile, type QueuedFile, summaryOf } from "./queue_file.ts";
import { type Oid, type StoreEntry, wholeContent } from "./store.ts";

/** What a spec says, or why it is no task: anybody who may push can have put anything there. */
type Spec = ({ task: Task } | { problem: string }) & { bytes: number };

/** What specs ask for, by their blobs. Those that are no tasks are left out. */
export async function readSpecs(ledger: Ledger, blobs: Oid[]): Promise<Map<Oid, Task>> {
  const specs = await readBlobs(ledger, blobs);
  return new Map([...specs].flatMap(([blob, spec]) => "task" in spec ? [[blob, spec.task]] : []));
}

/**
 * What a task that is only on the live edge asks for, or why its spec is no task; undefined where it
 * has none.
 */
export async function readSpec(ledger: Ledger, taskId: string): Promise<QueuedFile | undefined> {
  const found = (await specsOf(ledger, [taskId])).get(taskId);
  if (found === undefined) return undefined;
  const { entry: { path, oid }, spec } = found;
  const content = "task" in spec ? { task: summaryOf(spec.task) } : { problem: spec.problem };
  return { task_id: taskId, path, blob: oid, bytes: spec.bytes, content };
}

/**
 * A task that ends, as it was claimed; undefined where its spec is none.
 *
 * @param blob its spec; by default what stands on the live edge
 */
export async function readTask(
  ledger: Ledger,
  taskId: string,
  blob?: Oid,
): Promise<Task | undefined> {
  if (blob !== undefined) return (await readSpecs(ledger, [blob])).get(blob);
  const spec = (await specsOf(ledger, [taskId])).get(taskId)?.spec;
  return spec !== undefined && "task" in spec ? spec.task : undefined;
}

/** The contents of specs on the live edge, by name; what has none, or no plain file, is left out. */
export async function specBlobs(ledger: Ledger, taskIds: string[]): Promise<Map<string, Oid>> {
  const files = [...await specEntries(ledger, taskIds)].filter(([, { kind }]) => kind === "file");
  return new Map(files.map(([id, { oid }]) => [id, oid]));
}

async function specsOf(
  ledger: Ledger,
  taskIds: string[],
): Promise<Map<string, { entry: StoreEntry; spec: Spec }>> {
  const entries = await specEntries(ledger, taskIds);
  const files = [...entries.values()].filter(({ kind }) => kind === "file");
  const specs = await readBlobs(ledger, files.map(({ oid }) => oid));
  return new Map([...entries].map(([id, entry]) => {
    const spec = entry.kind === "file"
      ? ofTask(id, specs.get(entry.oid)!)
      : { problem: noPlainFile(entry.kind), bytes: 0 };
    return [id, { entry, spec }];
  }));
}

function ofTask(taskId: string, spec: Spec): Spec {
  if ("problem" in spec || spec.task.task_id === taskId) return spec;
  const problem = `task_id: "${spec.task.task_id}": must be "${taskId}"`;
  return { problem, bytes: spec.bytes };
}

async function readBlobs(ledger: Ledger, blobs: Oid[]): Promise<Map<Oid, Spec>> {
  const contents = await ledger.store.read(blobs, MAX_TASK_BYTES);
  return new Map([...contents].map(([blob, content]): [Oid, Spec] => {
    const whole = wholeContent(content);
    const bytes = whole?.length ?? 0;
    if (whole === undefined) return [blob, { problem: tooLargeRule(), bytes }];
    const task = decodeTask(whole);
    if (!task.ok) return [blob, { problem: describeProblems(task.problems), bytes }];
    return [blob, { task: withQueuedPriority(ledger, blob, task.value), bytes }];
  }));
}

/**
 * A file that does not say its priority has that of its folder, which the spec, being the same blob,
 * cannot tell; the queue can, until somebody takes the file out of it.
 */
function withQueuedPriority(ledger: Ledger, blob: Oid, task: Task): Task {
  const file = ledger.main.queue.get(task.task_id);
  if (file?.blob !== blob || "problem" in file.content) return task;
  return { ...task, priority: file.content.task.priority };
}

async function specEntries(
  ledger: Ledger,
  taskIds: string[],
): Promise<Map<string, StoreEntry>> {
  const found = new Map<string, StoreEntry>();
  for (const [shard, ids] of Map.groupBy(taskIds, shardOf)) {
    const { tip } = ledger.shard(shard);
    if (tip === undefined) continue;
    const entries = await ledger.store.find(tip, ids.map(SHARD_PATHS.spec));
    for (const id of ids) {
      const entry = entries.get(SHARD_PATHS.spec(id));
      if (entry !== undefined) found.set(id, entry);
    }
  }
  return found;
}
