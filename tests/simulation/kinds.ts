/**
 * What must happen in many runs, so that they show anything.
 *
 * @module
 */
import { EVENTS, LOOK_FAULTS, PUSH_FAULTS } from "./weather.ts";

/** What the checker counts. */
const SEEN = [
  "event: claim",
  "event: takeover",
  "event: cancel of a running task",
  "event: result settled",
  "event: retry of a settled task",
  "event: ended as success",
  "event: ended as failed",
  "event: ended as timeout",
  "event: ended as handed_back",
  "event: ended as lost",
  "event: ended as cancelled",
  "event: ended as cancelled, unclaimed",
  "event: ended as rejected, unclaimed",
  "overlap with a paused, sleeping or dead worker's",
  "race: claim lost to claim",
  "race: claim lost to settled",
  "race: claim lost to cancel",
  "race: cancel lost to claim",
  "race: report lost to cancel",
  "race: cancel lost to report",
  "race: settle lost to settle",
  "race: settle lost to submit",
  "race: submit lost to settle",
  "race: retry lost to settle",
  "race: report lost to take away",
] as const;

/** What did not happen once. */
export function missingFrom(counts: ReadonlyMap<string, number>): string[] {
  return [...PUSH_FAULTS, ...LOOK_FAULTS, ...EVENTS, ...SEEN].filter((what) => !counts.has(what));
}
