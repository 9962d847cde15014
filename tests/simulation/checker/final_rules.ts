/**
 * Rules about how a run must end.
 *
 * @module
 */
import type { Result } from "../../../lib/protocol/result.ts";
import type { Node } from "../node.ts";
import { jsonOf } from "./changes.ts";
import type { Checker } from "./checker.ts";
import { claimOf, type Story } from "./story.ts";

/** Judges a run that is over. */
export function checkEnd(checker: Checker, nodes: Node[]): void {
  for (const story of checker.stories.values()) {
    const { task_id, queued, result, entry } = story;
    if (result === undefined) checker.fail(`${task_id}: it has no result`);
    else checkAttempts(checker, story, jsonOf(checker.world.server, result.blob));
    if (queued !== undefined) checker.fail(`${task_id}: it is still in the queue`);
    if (entry !== undefined) checker.fail(`${task_id}: it is still on the live edge`);
  }
  for (const { name, isUp, shelf } of nodes) {
    if (isUp && shelf.kept.length > 0) {
      checker.fail(`${name}: ${shelf.kept.length} sayings are still on its shelf`);
    }
  }
}

/** A result tells of each claim of the last run, and of nothing else. */
function checkAttempts(checker: Checker, story: Story, { attempts, task_id }: Result): void {
  for (const past of attempts) {
    const isUnclaimed = past.outcome === "rejected" || past.outcome === "cancelled";
    if (claimOf(story, past) === undefined && !isUnclaimed) {
      checker.fail(`${task_id}: its result tells of attempt ${past.attempt}, which nobody claimed`);
    }
  }
  for (const { attempt, claimed_at, run } of story.claims) {
    if (run !== story.runs) continue;
    const isTold = attempts.some((past) =>
      past.attempt === attempt && past.claimed_at === claimed_at
    );
    if (!isTold) checker.fail(`${task_id}: its result says nothing of attempt ${attempt}`);
  }
}
