/**
 * Rules for what runs.
 *
 * @module
 */
import { resultPaths } from "../../../lib/protocol/layout.ts";
import { type Container, LONGEST_KILL_MS } from "../containers.ts";
import { STOP_MS } from "./watch_rules.ts";
import type { Checker } from "./checker.ts";
import type { Story } from "./story.ts";
import { whyNotTrusted } from "./trust.ts";

/** Judges the start of a container. */
export function checkStart(checker: Checker, container: Container): void {
  const { task_id, attempt, life } = container;
  const story = checker.story(task_id);
  const what = `${task_id}#${attempt} on ${life.name}`;
  const claim = story.claims.findLast((claim) =>
    claim.node_id === life.name && claim.attempt === attempt
  );
  if (claim === undefined) return checker.fail(`${what} was started without a claim`);
  if (claim.container !== undefined) checker.fail(`${what} was started twice for one claim`);
  claim.container = container;
  if (isResultVisible(checker, story, container)) {
    checker.fail(`${what} was started, and its result was in view`);
  }
  const why = whyNotTrusted(checker, container);
  if (why !== undefined) checker.fail(`${what} was started: ${why}`);
  checkOverlap(checker, story, container);
}

/** Whether the process that runs it has last seen a branch with a result of this run. */
function isResultVisible(
  { world }: Checker,
  { former }: Story,
  { life, task_id }: Container,
): boolean {
  const seen = life.seenBranch === undefined
    ? undefined
    : world.server.commits.get(life.seenBranch)!.files;
  const results = resultPaths(task_id).flatMap((path) => seen?.get(path) ?? []);
  return results.some((blob) => !former.has(blob));
}

/** No two executions of a task at once, but where a worker could not know or do anything. */
function checkOverlap(checker: Checker, { claims }: Story, container: Container): void {
  for (const { container: other } of claims) {
    if (other === undefined || other === container || other.goneAt !== undefined) continue;
    if (isExcused(checker, other) || isDrowsy(checker, container)) {
      checker.count("overlap with a paused, sleeping or dead worker's");
      continue;
    }
    const { task_id, attempt, life } = container;
    checker.fail(
      `${task_id}#${attempt} was started on ${life.name} while #${other.attempt} runs on ${other.life.name}`,
    );
  }
}

function isExcused(checker: Checker, container: Container): boolean {
  const { life } = container;
  if (checker.shared.has(life.name)) return true;
  // Its lease can have lapsed while its machine slept, and others act on that when they come to it.
  if (life.asleepUntil > container.startedAt) return true;
  // What has just come round again needs a moment to stop what it ran.
  return life.isDead || life.pausedUntil + LONGEST_KILL_MS >= checker.world.now ||
    isDrowsy(checker, container);
}

/** Whose machine has slept has no clock that tells, and learns of it at its next look. */
function isDrowsy(checker: Checker, { life }: Container): boolean {
  const lastAt = Math.max(life.asleepUntil, life.lastTroubleAt);
  return life.asleepUntil > 0 && lastAt + checker.inTime(STOP_MS) >= checker.world.now;
}
