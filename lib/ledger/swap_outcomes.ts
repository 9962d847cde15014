import { GitError } from "../git/git_error.ts";
import type { RefAnswer } from "../git/push.ts";
import type { Oid, RefChange, SwapOutcome } from "./store.ts";

/** Whether a push broke off, so that only the server's refs can tell whether it took effect. */
export function isWithoutAnswer(error: unknown): boolean {
  return error instanceof GitError &&
    (error.trouble === "unreachable" || error.trouble === "timed_out");
}

/** Every swap took effect. */
export function allDone(changes: RefChange[]): Map<string, SwapOutcome> {
  return new Map(changes.map(({ ref }) => [ref, { done: true }]));
}

/**
 * What became of each swap. What Git says of a refusal is made for people; what the refs are now is
 * certain, so that decides.
 *
 * @param answers what Git said; empty where no answer came
 * @param refs the server's refs after the push
 */
export function swapOutcomes(
  changes: RefChange[],
  answers: RefAnswer[],
  refs: Map<string, Oid>,
  atomic: boolean,
): Map<string, SwapOutcome> {
  const moved = changes.some(({ ref, expected }) => refs.get(ref) !== expected);
  const outcomeOf = ({ ref, expected, next }: RefChange): SwapOutcome => {
    const now = refs.get(ref);
    const words = answers.find((answer) => answer.ref === ref)?.words ?? "no answer";
    if (now === next) return { done: true };
    const lost = now !== expected || (atomic && moved) || answers.length === 0;
    return { done: false, why: lost ? "lost" : "refused", words };
  };
  return new Map(changes.map((change) => [change.ref, outcomeOf(change)]));
}
