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

/** What claimed tasks run, by task id: as in the queue, or as kept when they were claimed. */
export async function readClaimed(ledger: Ledger, taskIds: string[]): Promise<Map<string, Task>> {
  const blobs = new Map<string, Oid>();
  for (const id of taskIds) blobs.set(id, (await specEntry(ledger, id))!.oid);
  const tasks = await readTasks(ledger, [...blobs.values()]);
  return new Map(taskIds.map((id): [string, Task] => [id, tasks.get(blobs.get(id)!)!]));
}

/** What a task that is only on the live edge asks for. */
export async function readSpec(ledger: Ledger, taskId: string): Promise<QueuedFile | undefined> {
  const entry = await specEntry(ledger, taskId);
  if (entry === undefined) return undefined;
  const task = (await readTasks(ledger, [entry.oid])).get(entry.oid)!;
  const { path, oid } = entry;
  return { task_id: taskId, path, blob: oid, content: { task: summaryOf(task) } };
}

async function specEntry(ledger: Ledger, taskId: string): Promise<StoreEntry | undefined> {
  const { tip } = ledger.shard(shardOf(taskId));
  const path = SHARD_PATHS.spec(taskId);
  return tip === undefined ? undefined : (await ledger.store.find(tip, [path])).get(path);
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
