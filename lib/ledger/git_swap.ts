/**
 * Compare-and-swap on a Git server that may not answer.
 *
 * @module
 */
import { GitError } from "../git/git_error.ts";
import type { OpenCopy } from "../git/open_copy.ts";
import { push, type RefAnswer } from "../git/push.ts";
import { isWorthRetry, type Patience, retrying } from "../git/retry.ts";
import { isAncestorHere } from "./ancestry.ts";
import type { Oid, RefChange, SwapOutcome } from "./store.ts";
import { allDone, isWithoutAnswer, swapOutcomes } from "./swap_outcomes.ts";

export interface GitSwapOptions {
  /** All or none; otherwise each ref succeeds or fails alone. */
  atomic: boolean;
  patience: Patience;
  /** Brings a ref's commit here, with its history since what is here of it. */
  bring(ref: string, oid: Oid): Promise<void>;
}

/**
 * Pushes, and finds out by reading what became of a push without an answer. One that has moved nothing
 * is made again: with the same expected values it takes effect once, whenever it arrives.
 *
 * @throws {GitError} when nothing was moved, or nobody answers the reading either
 */
export async function swapOnServer(
  open: OpenCopy,
  changes: RefChange[],
  options: GitSwapOptions,
): Promise<Map<string, SwapOutcome>> {
  const { atomic, patience } = options;
  let vain: GitError | undefined;
  const swap = async () => {
    const answers = await answersTo(open, changes, atomic);
    const isUnanswered = answers instanceof GitError;
    if (!isUnanswered && answers.every(({ accepted }) => accepted)) {
      return counted(open, allDone(changes));
    }
    // Also of such refs as nobody follows.
    const refs = await open.mirror.serverRefs(changes.map(({ ref }) => ref));
    if (!isUnanswered) return counted(open, swapOutcomes(changes, answers, refs, atomic));
    if (changes.every(({ ref, expected }) => refs.get(ref) === expected)) throw vain = answers;
    const landed = await withLanded(open, changes, refs, options);
    return swapOutcomes(changes, answers, landed, atomic);
  };
  // The reading is repeated by itself; only the push is repeated here.
  return await retrying(swap, patience, (error) => error === vain && isWorthRetry(error));
}

/** Counts what became of the refs in a push that was answered. */
function counted(
  { copy: { git } }: OpenCopy,
  outcomes: Map<string, SwapOutcome>,
): Map<string, SwapOutcome> {
  git.counters.noteAnswered(
    [...outcomes.values()].map((outcome) => outcome.done ? "moved" : outcome.why),
  );
  return outcomes;
}

/** The server's answers; the error where none came, because then nobody knows what took effect. */
async function answersTo(
  { copy }: OpenCopy,
  changes: RefChange[],
  atomic: boolean,
): Promise<RefAnswer[] | GitError> {
  try {
    return await push(copy.git, changes, atomic);
  } catch (error) {
    if (isWithoutAnswer(error)) return error;
    throw error;
  }
}

/** The server's refs, but one that others have moved on from our commit still names that. */
async function withLanded(
  open: OpenCopy,
  changes: RefChange[],
  refs: Map<string, Oid>,
  { bring }: GitSwapOptions,
): Promise<Map<string, Oid>> {
  const landed = new Map(refs);
  for (const { ref, next } of changes) {
    const now = refs.get(ref);
    if (next === undefined || now === undefined || now === next) continue;
    await bring(ref, now);
    if (await isAncestorHere(open, next, now)) landed.set(ref, next);
  }
  return landed;
}
