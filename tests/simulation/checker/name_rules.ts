/**
 * Rules about names: two processes must not work under one.
 *
 * @module
 */
import type { Life } from "../life.ts";
import type { Moved } from "../world.ts";
import { jsonOf } from "./changes.ts";
import type { Checker } from "./checker.ts";

/** A try to record itself on the branch takes up to so long, and then it looks. */
const REGISTERING_MS = 6_000;

/** Judges a sign of life: the first one that is no question takes the name. */
export function checkBeat(checker: Checker, { before, after }: Moved, by: Life): void {
  if (by.joinedAt <= checker.world.now) return;
  const status = statusIn(checker, after);
  const hasName = status !== undefined && status !== "joining";
  if (!hasName) return;
  by.joinedAt = checker.world.now;
  for (const other of checker.lives) {
    const isNamesake = other.name === by.name && other !== by && !other.isDead;
    // Who has said goodbye does nothing more, although it may still wait to hear that it was heard.
    const isGone = statusIn(checker, before) === "offline";
    if (isNamesake && !isGone && other.joinedAt <= by.joinedAt) checkNamesakes(checker, other, by);
  }
}

/** What a node's commit says of it. */
function statusIn({ world: { server } }: Checker, commit?: string): string | undefined {
  const record = commit && server.commits.get(commit)!.files.get("node.json");
  return record && jsonOf<{ status: string }>(server, record).status;
}

/**
 * Nobody takes a name whose owner was within reach all the time since it wants it. An answer that has
 * to wait for its turn may come too late, so there it is not judged.
 */
function checkNamesakes(checker: Checker, first: Life, second: Life): void {
  const outageEndedAt = checker.world.outages.at(-1)?.until ?? 0;
  const wasWithinReach = Math.max(first.lastTroubleAt, outageEndedAt) < second.bornAt &&
    first.registeringAt < second.bornAt - REGISTERING_MS;
  const isAnsweredAtOnce = checker.world.pushBudget === undefined;
  if (wasWithinReach && isAnsweredAtOnce && !checker.shared.has(second.name)) {
    checker.fail(`${second.label} works beside ${first.label}`);
  }
  // What comes of it is not to be judged.
  checker.shared.add(second.name);
}
