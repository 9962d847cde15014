/**
 * How long a process may believe in its own claims (DESIGN.md section 4, rule 4).
 *
 * @module
 */
import { type Container, LONGEST_KILL_MS } from "../containers.ts";
import { LEASE_MS } from "../settings.ts";
import type { Checker } from "./checker.ts";

/** Others believe in a claim for a whole lease. */
const TRUSTED_MS = LEASE_MS * 2 / 3;

/** A process stops what it runs before others take it for lost. */
export function checkTrust(checker: Checker, container: Container): void {
  const { life, task_id, attempt } = container;
  // What has just come round again needs a moment to stop what it ran.
  if (life.isDead || life.pausedUntil + LONGEST_KILL_MS >= checker.world.now) return;
  const why = whyNotTrusted(checker, container, LONGEST_KILL_MS);
  if (why !== undefined) checker.fail(`${task_id}#${attempt} goes on on ${life.name}: ${why}`);
}

/**
 * Why a process must not run an attempt now; undefined where it may: it claimed it, or gave a sign of
 * life that arrived, less than two thirds of a lease ago.
 *
 * @param slackMs how much longer it may take
 */
export function whyNotTrusted(
  checker: Checker,
  container: Container,
  slackMs = 0,
): string | undefined {
  const { shared, world } = checker;
  const { life, task_id } = container;
  if (shared.has(life.name)) return undefined;
  const claim = checker.story(task_id).claims.find((claim) => claim.container === container);
  const heardAt = Math.max(claim?.wonAt ?? -Infinity, world.movedAt(world.names.node(life.name)));
  const silentMs = world.now - heardAt;
  // The clock of a machine that slept since does not tell.
  if (life.asleepUntil > heardAt || silentMs <= TRUSTED_MS + slackMs) return undefined;
  return `nobody has heard of it for ${silentMs.toFixed(0)} ms`;
}
