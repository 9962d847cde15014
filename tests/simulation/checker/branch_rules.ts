/**
 * Rules for the branch.
 *
 * @module
 */
import { type FileChange, idIn, jsonOf } from "./changes.ts";
import type { Checker, Push } from "./checker.ts";
import type { Story } from "./story.ts";

/** Judges what a push has done to the branch, and writes it down. */
export function checkBranch(checker: Checker, push: Push): void {
  for (const change of push.branch) {
    const queued = idIn(change.path, "tasks/queue");
    const settled = idIn(change.path, "tasks/completed") ?? idIn(change.path, "tasks/failed");
    if (queued !== undefined) checkQueue(checker, push, checker.story(queued), change);
    if (settled !== undefined) checkResult(checker, push, checker.story(settled), change);
  }
}

function checkQueue(
  checker: Checker,
  { by, branch }: Push,
  story: Story,
  change: FileChange,
): void {
  const { task_id } = story;
  if (change.after === undefined) {
    const hasResult = story.result !== undefined ||
      branch.some(({ path, after }) => after !== undefined && isResultOf(path, task_id));
    if (!hasResult) {
      checker.fail(`${task_id}: ${by.name} took it out of the queue without a result`);
    }
    story.queued = undefined;
    return;
  }
  if (by.role === "submitter" && story.claims.length > 0) {
    checker.fail(`${task_id}: it was submitted again`);
  }
  if (change.before !== undefined) checker.fail(`${task_id}: its file was changed in the queue`);
  if (!story.isBroken) {
    story.retries = jsonOf<{ retries: number }>(checker.world.server, change.after).retries;
  }
  story.queued = change.after;
}

function checkResult(checker: Checker, push: Push, story: Story, change: FileChange): void {
  const { task_id } = story;
  const { by, shards } = push;
  const { path, before, after } = change;
  if (before !== undefined && !isRetry(push, task_id)) {
    checker.fail(`${task_id}: ${by.name} changed or removed its result ${path}`);
  }
  if (after === undefined) {
    story.result = undefined;
    story.former.add(before!);
    story.runs++;
    checker.count("event: retry of a settled task");
    return;
  }
  if (story.result !== undefined && before === undefined) {
    checker.fail(`${task_id}: a second result came to the branch`);
  }
  const isTaken = shards.some(({ changes }) =>
    changes.some(({ path, after }) => after === undefined && idIn(path, "tasks") === task_id)
  );
  if (!isTaken) checker.fail(`${task_id}: its result came to the branch, and its entry stayed`);
  story.result = { path, blob: after };
  checker.count("event: result settled");
}

/** Whether somebody asked for a new run: the result goes and the file comes back in one commit. */
function isRetry({ by, branch }: Push, task_id: string): boolean {
  return by.role === "retrier" &&
    branch.some(({ path, after }) => after !== undefined && idIn(path, "tasks/queue") === task_id);
}

function isResultOf(path: string, task_id: string): boolean {
  return idIn(path, "tasks/completed") === task_id || idIn(path, "tasks/failed") === task_id;
}
