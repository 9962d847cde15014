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
export function checkBeat(checker: Checker, { after }: Moved, by: Life): void {
  const { server } = checker.world;
  const record = after && server.commits.get(after)!.files.get("node.json");
  const hasName = record && jsonOf<{ status: string }>(server, record).status !== "joining";
  if (!hasName || by.joinedAt <= checker.world.now) return;
  by.joinedAt = checker.world.now;
  for (const other of checker.lives) {
    const isNamesake = other.name === by.name && other !== by && !other.isDead;
    if (isNamesake && other.joinedAt <= by.joinedAt) checkNamesakes(checker, other, by);
  }
}

/** Nobody takes a name whose owner was within reach all the time since it wants it. */
function checkNamesakes(checker: Checker, first: Life, second: Life): void {
  const outageEndedAt = checker.world.outages.at(-1)?.until ?? 0;
  const wasWithinReach = Math.max(first.lastTroubleAt, outageEndedAt) < second.bornAt &&
    first.registeringAt < second.bornAt - REGISTERING_MS;
  if (wasWithinReach && !checker.shared.has(second.name)) {
    checker.fail(`${second.label} works beside ${first.label}`);
  }
  // What comes of it is not to be judged.
  checker.shared.add(second.name);
}
