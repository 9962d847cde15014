/**
 * Reading specs: what a task runs, exactly as it was claimed.
 *
 * @module
 */
import { shardOf } from "../protocol/identity.ts";
import { SHARD_PATHS } from "../protocol/layout.ts";
import { describeProblems } from "../protocol/problem.ts";
import { decodeTask, MAX_TASK_BYTES, type Task } from "../protocol/task.ts";
import type { Ledger } from "./ledger.ts";
import { type QueuedFile, summaryOf } from "./main_view.ts";
import { type Oid, type StoreEntry, wholeContent } from "./store.ts";

/** What claimed tasks run, by task id, as it was kept when they were claimed. */
export async function readClaimed(ledger: Ledger, taskIds: string[]): Promise<Map<string, Task>> {
  const specs = await specEntries(ledger, taskIds);
  const tasks = await readTasks(ledger, [...specs.values()].map(({ oid }) => oid));
  return new Map(
    [...specs].map(([id, { oid }]): [string, Task] => [id, tasks.get(oid)!]),
  );
}

/** What a task that is only on the live edge asks for. */
export async function readSpec(ledger: Ledger, taskId: string): Promise<QueuedFile | undefined> {
  const entry = (await specEntries(ledger, [taskId])).get(taskId);
  if (entry === undefined) return undefined;
  const task = (await readTasks(ledger, [entry.oid])).get(entry.oid)!;
  const { path, oid } = entry;
  return { task_id: taskId, path, blob: oid, content: { task: summaryOf(task) } };
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

async function readTasks(ledger: Ledger, blobs: Oid[]): Promise<Map<Oid, Task>> {
  const contents = await ledger.store.read(blobs, MAX_TASK_BYTES);
  return new Map(blobs.map((blob): [Oid, Task] => {
    const content = wholeContent(contents.get(blob));
    const task = content && decodeTask(content);
    if (task?.ok) return [blob, task.value];
    const why = task ? describeProblems(task.problems) : "too large";
    throw new Error(`reading the spec ${blob}: ${why}`);
  }));
}
