/**
 * The words of D-GRID, and the names that tasks and nodes go by.
 *
 * - *task*: what to run. *attempt*: one try at it.
 * - *node*: a worker process with an identity.
 * - *claim*: the event that makes a node the owner of an attempt.
 * - *report*: the event that carries an attempt's result.
 * - *lease*: how long a claim is believed without a sign of life.
 * - *shard*: the tasks whose id's SHA-256 begins with the same hex digit.
 * - *live edge*: the refs under `refs/dgrid/`, where work in progress is recorded.
 * - *settled ledger*: the tree of the branch, where results stay.
 * - *settle*: to fold finished tasks from the live edge into the settled ledger.
 * - *fence*: the refusal of a former owner's push.
 *
 * @module
 */
import { hash } from "node:crypto";

/** The rule for task and node ids, as messages quote it (DESIGN.md section 2, Contract). */
export const ID_RULE = "1 to 64 of A-Z a-z 0-9 - _ . , not starting with . or -, " +
  "not ending with . or .lock, without ..";

/** Whether `text` may be a task's id. Ids are compared as they are, never folded. */
export function isTaskId(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(text) &&
    !text.endsWith(".") && !text.endsWith(".lock") && !text.includes("..");
}

/** Whether `text` may be a node's id: the same rule as for tasks. */
export const isNodeId: (text: string) => boolean = isTaskId;

/** The sixteen shards, in order. */
export const SHARDS: readonly string[] = [..."0123456789abcdef"];

/** The shard that a task belongs to: the first hex digit of its id's SHA-256. */
export function shardOf(taskId: string): string {
  return resultFolderOf(taskId)[0];
}

/** The folder of a task's result: the first two hex digits of its id's SHA-256. */
export function resultFolderOf(taskId: string): string {
  const known = folders.get(taskId);
  if (known !== undefined) return known;
  const folder = hash("sha256", taskId).slice(0, 2);
  if (folders.size >= MAX_REMEMBERED) folders.clear();
  folders.set(taskId, folder);
  return folder;
}

/** What was worked out of late: a look asks for the same tasks some twenty times, one after another. */
const folders = new Map<string, string>();
/** At a hundred bytes each; a look at a longer queue works them out anew. */
const MAX_REMEMBERED = 32_768;
