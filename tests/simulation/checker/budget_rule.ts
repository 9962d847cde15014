/**
 * The rule for the push budget.
 *
 * @module
 */
import type { Life } from "../life.ts";
import type { Checker } from "./checker.ts";

const MINUTE_MS = 60_000;

/** Judges whether there may be one more push that took effect. */
export function checkBudget(checker: Checker, by: Life): void {
  const { pushBudget, now } = checker.world;
  if (pushBudget === undefined || by.role !== "worker") return;
  const { pushes } = checker;
  const last = pushes[pushBudget - 1];
  if (last !== undefined && now - last < MINUTE_MS) {
    checker.fail(`${pushBudget + 1} pushes in ${now - last} ms, ${by.name} made the last`);
  }
  pushes.unshift(now);
  pushes.length = Math.min(pushes.length, pushBudget);
  checker.count("event: push within a budget");
}
