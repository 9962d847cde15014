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
import { createHash } from "node:crypto";

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
  return hashBegin(taskId)[0];
}

/** The folder of a task's result: the first two hex digits of its id's SHA-256. */
export function resultFolderOf(taskId: string): string {
  return hashBegin(taskId);
}

/** Each look at a queue asks for the hashes of the same ids; these are remembered, and no others. */
const MAX_REMEMBERED = 10_000;
const remembered = new Map<string, string>();

/** The first two hex digits of an id's SHA-256. */
function hashBegin(id: string): string {
  const known = remembered.get(id);
  if (known !== undefined) return known;
  const begin = createHash("sha256").update(id, "utf8").digest("hex").slice(0, 2);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(id, begin);
  return begin;
}
