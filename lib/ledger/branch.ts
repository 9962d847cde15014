/**
 * Commits to the branch that are not settlements: submitting tasks, registering a node, setting a
 * grid up.
 *
 * @module
 */
import { backoff } from "./backoff.ts";
import { signedBy } from "./commit_order.ts";
import type { Ledger } from "./ledger.ts";
import type { Change, Oid } from "./store.ts";

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
  let refusals = 0;
  let words = "";
  for (let tries = 1; tries <= MAX_TRIES && refusals < MAX_REFUSALS; tries++) {
    const changes = await changesNow();
    if (changes.length === 0) return undefined;
    const { commit, outcome } = await tryCommit(ledger, message, changes);
    if (outcome.done) await ledger.noteMain(commit);
    if (outcome.done || await landed(ledger, commit, tries)) return commit;
    words = outcome.words;
    if (outcome.why === "refused") refusals++;
    // Where there is no branch yet, there is none to read again either.
    if (refusals > 0 && ledger.mainCommit === undefined) break;
  }
  throw new Error(`writing to ${ledger.names.branch}: ${words || "others were faster each time"}`);
}

/** Whether a commit is on the branch after all: its answer was lost, and others went on from it. */
async function landed(ledger: Ledger, commit: Oid, tries: number): Promise<boolean> {
  if (ledger.mainCommit === undefined) return false;
  await backoff(ledger.writer, tries);
  await ledger.refresh();
  return await ledger.store.contains(ledger.main.commit, commit);
}

async function tryCommit(ledger: Ledger, message: string, changes: Change[]) {
  const { store, names } = ledger;
  const parent = ledger.mainCommit;
  const order = signedBy(ledger.writer, message, changes, parent);
  const commit = await store.write((writer) => writer.commit(order));
  const change = { ref: names.branch, expected: parent, next: commit };
  const outcomes = await store.swap([change], { atomic: false });
  return { commit, outcome: outcomes.get(names.branch)! };
}
