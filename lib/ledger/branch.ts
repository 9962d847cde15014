/**
 * Commits to the branch that are not settlements: submitting tasks, registering a node, setting a
 * grid up.
 *
 * @module
 */
import { backoff } from "./backoff.ts";
import { signedBy } from "./commit_order.ts";
import type { Ledger } from "./ledger.ts";
import { swapRefs } from "./swap_refs.ts";
import type { Change, Oid, SwapOutcome } from "./store.ts";

/** On a busy branch many settle at once, and each lost race costs one try. */
const MAX_TRIES = 20;
/** What a server refuses is mostly refused for good, but two that lock a ref can meet, too. */
const MAX_REFUSALS = 6;

/**
 * Adds one commit to the branch by compare-and-swap.
 *
 * @param changesNow what to change, worked out anew on each tip that is tried; empty for nothing
 * @returns the commit, or undefined when there was nothing to change
 * @throws {Error} when the server refuses, or others were faster each time
 */
export async function commitToBranch(
  ledger: Ledger,
  message: string,
  changesNow: () => Change[] | Promise<Change[]>,
): Promise<Oid | undefined> {
  return await moveBranch(ledger, {
    tip: () => ledger.mainCommit,
    look: () => ledger.refresh(),
    noteDone: (commit) => ledger.noteMain(commit),
    commitOn: async (parent) => {
      const changes = await changesNow();
      if (changes.length === 0) return undefined;
      const order = signedBy(ledger.writer, message, changes, parent);
      return await ledger.store.write((writer) => writer.commit(order));
    },
  });
}

/** Somebody who adds a commit to the branch, by what it knows of the branch. */
export interface BranchMover {
  /** The branch as last seen; undefined where there is none. */
  tip(): Oid | undefined;
  /** Looks again, after a lost swap. */
  look(): Promise<unknown>;
  /** Takes note that the branch was moved. */
  noteDone?(commit: Oid): Promise<void>;
  /**
   * Makes a commit on a tip that was just seen.
   *
   * @param lost the commit of the try before, which is here but not on the branch
   * @returns undefined where there is nothing to change
   */
  commitOn(parent: Oid | undefined, lost?: Oid): Promise<Oid | undefined>;
}

/**
 * Moves the branch to a commit by compare-and-swap; the commit is made again on each tip that is tried.
 *
 * @returns the commit, or undefined when there was nothing to change
 * @throws {Error} when the server refuses, or others were faster each time
 */
export async function moveBranch(ledger: Ledger, mover: BranchMover): Promise<Oid | undefined> {
  let refusals = 0;
  let words = "";
  let commit: Oid | undefined;
  for (let tries = 1; tries <= MAX_TRIES && refusals < MAX_REFUSALS;) {
    await ledger.gate.come();
    const parent = mover.tip();
    commit = await mover.commitOn(parent, commit);
    if (commit === undefined) return undefined;
    const outcome = await swapBranch(ledger, commit, parent);
    if (outcome.done) await mover.noteDone?.(commit);
    if (outcome.done || await landed(ledger, mover, commit, tries)) return commit;
    words = outcome.words;
    if (outcome.why === "refused") refusals++;
    // Where there is no branch yet, there is none to read again either.
    if (refusals > 0 && mover.tip() === undefined) break;
    // Where pushes are taken in turn, a loss is the push of another, and ours comes.
    if (!ledger.gate.takesTurn) tries++;
  }
  throw new Error(`writing to ${ledger.names.branch}: ${words || "others were faster each time"}`);
}

/** Whether a commit is on the branch after all: its answer was lost, and others went on from it. */
async function landed(
  { writer, store }: Ledger,
  mover: BranchMover,
  commit: Oid,
  tries: number,
): Promise<boolean> {
  if (mover.tip() === undefined) return false;
  await backoff(writer, tries);
  await mover.look();
  return await store.contains(mover.tip()!, commit);
}

async function swapBranch(
  ledger: Ledger,
  next: Oid,
  expected: Oid | undefined,
): Promise<SwapOutcome> {
  const { branch } = ledger.names;
  const change = { ref: branch, expected, next };
  return (await swapRefs(ledger, [change], { atomic: false })).get(branch)!;
}
