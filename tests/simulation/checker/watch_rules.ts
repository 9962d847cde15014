/**
 * Rules about what must happen in time, looked at now and then.
 *
 * @module
 */
import type { Container } from "../containers.ts";
import type { Life } from "../life.ts";
import { LEASE_MS } from "../settings.ts";
import type { Checker } from "./checker.ts";
import { claimOf, isHeld } from "./story.ts";
import { checkTrust } from "./trust.ts";

/** What is cancelled or over stops within a poll, an old look and the answers on their way. */
export const STOP_MS = 6_000;
/** A worker does not keep what it does not run for longer. */
const HOLD_MS = 8_000;
/** What a lost owner had is taken from it within its lease and this. */
const TAKEOVER_MS = 8_000;

/** Judges what should have happened by now. */
export function checkTimes(checker: Checker, running: Iterable<Container>, lives: Life[]): void {
  checkStops(checker, running);
  checkLeftovers(checker, running, lives);
  for (const container of running) checkTrust(checker, container);
  for (const story of checker.stories.values()) {
    const { entry, task_id } = story;
    if (entry === undefined || !isHeld(entry)) continue;
    const claim = claimOf(story, entry);
    if (claim === undefined) continue;
    const owner = lives.find(({ name, isDead }) => name === entry.node_id && !isDead);
    const { container } = claim;
    const since = Math.max(claim.wonAt, container?.goneAt ?? 0);
    const runs = container !== undefined && container.goneAt === undefined;
    if (owner === undefined) {
      // Who asks for the name moves its ref, too, and nobody else can tell that from a sign of life.
      const askedAt = checker.world.movedAt(checker.world.names.node(entry.node_id));
      const lostAt = Math.max(since, claim.by.diedAt ?? Infinity, askedAt);
      const clean = Math.max(...lives.map((life) => cleanMs(checker, life, lostAt)));
      if (clean > LEASE_MS + checker.inTime(TAKEOVER_MS)) {
        checker.fail(`${task_id}: nobody took it from ${entry.node_id}, which died`);
      }
    } else if (
      !(runs && container.life === owner) &&
      cleanMs(checker, owner, since) > checker.inTime(HOLD_MS)
    ) {
      checker.fail(`${task_id}: ${owner.name} keeps it and does not run it`);
    }
  }
}

function checkStops(checker: Checker, running: Iterable<Container>): void {
  for (const container of running) {
    const { life, task_id, attempt } = container;
    const story = checker.story(task_id);
    const claim = story.claims.find((claim) => claim.container === container);
    // Of a former run nothing is left that could tell.
    if (claim?.run !== story.runs) continue;
    const since = claim.overAt ?? claim.cancelledAt;
    if (since === undefined || cleanMs(checker, life, since) <= checker.inTime(STOP_MS)) continue;
    const why = claim.overAt === undefined ? "cancelled" : "over";
    checker.fail(`${task_id}#${attempt} goes on on ${life.name}, and is ${why}`);
  }
}

/** A process that takes up a node's name removes what runs from a former life. */
function checkLeftovers(checker: Checker, running: Iterable<Container>, lives: Life[]): void {
  for (const { life, task_id, attempt } of running) {
    const heir = life.isDead && lives.find(({ name, isDead }) => name === life.name && !isDead);
    if (heir && cleanMs(checker, heir, heir.joinedAt) > checker.inTime(STOP_MS)) {
      checker.fail(`${task_id}#${attempt} of a former life goes on on ${life.name}`);
    }
  }
}

/** For how long nothing has kept a process from what it should have done since a moment. */
function cleanMs({ world, shared }: Checker, life: Life, since: number): number {
  if (life.isDead || life.isPaused || shared.has(life.name)) return 0;
  const from = Math.max(since, life.joinedAt, life.lastTroubleAt, world.outages.at(-1)?.until ?? 0);
  return world.now - from;
}
