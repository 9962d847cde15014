import { GitError, type GitTrouble } from "../git/git_error.ts";
import type { RefAnswer } from "../git/push.ts";
import type { Oid, RefChange, SwapOutcome } from "./store.ts";

/** So a push fails that the server may have taken all the same; any other has failed before. */
const UNANSWERED: readonly GitTrouble[] = ["unreachable", "timed_out", "server_failed"];

/** Whether a push broke off, so that only the server's refs can tell whether it took effect. */
export function isWithoutAnswer(error: unknown): error is GitError {
  return error instanceof GitError && UNANSWERED.includes(error.trouble);
}

/** Every swap took effect. */
export function allDone(changes: RefChange[]): Map<string, SwapOutcome> {
  return new Map(changes.map(({ ref }) => [ref, { done: true }]));
}

/**
 * What became of each swap. What Git says of a refusal is made for people; what the refs are now is
 * certain, so that decides.
 *
 * @param answers what Git said; where no answer came, the error that came in its place
 * @param refs the server's refs after the push
 */
export function swapOutcomes(
  changes: RefChange[],
  answers: RefAnswer[] | GitError,
  refs: Map<string, Oid>,
  atomic: boolean,
): Map<string, SwapOutcome> {
  const moved = changes.some(({ ref, expected }) => refs.get(ref) !== expected);
  const outcomeOf = ({ ref, expected, next }: RefChange): SwapOutcome => {
    const now = refs.get(ref);
    if (now === next) return { done: true };
    if (answers instanceof GitError) return { done: false, why: "lost", words: answers.message };
    const words = answers.find((answer) => answer.ref === ref)?.words ?? "no answer";
    const lost = now !== expected || (atomic && moved);
    return { done: false, why: lost ? "lost" : "refused", words };
  };
  return new Map(changes.map((change) => [change.ref, outcomeOf(change)]));
}
