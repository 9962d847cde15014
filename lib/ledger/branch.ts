/**
 * Commits to the branch that are not settlements: submitting tasks, registering a node, setting a
 * grid up.
 *
 * @module
 */
import { backoff } from "./backoff.ts";
import type { Ledger } from "./ledger.ts";
import type { Change, Oid } from "./store.ts";

/** On a busy branch many settle at once, and each lost race costs one try. */
const MAX_TRIES = 20;

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
  let words = "";
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const changes = await changesNow();
    if (changes.length === 0) return undefined;
    const { commit, outcome } = await tryCommit(ledger, message, changes);
    if (outcome.done) {
      await ledger.noteMain(commit);
      return commit;
    }
    words = outcome.words;
    // Where there is no branch yet, there is none to read again either.
    if (outcome.why === "refused" && (tries > 2 || ledger.mainCommit === undefined)) break;
    await backoff(ledger.writer, tries);
    await ledger.refresh();
  }
  throw new Error(`writing to ${ledger.names.branch}: ${words || "others were faster each time"}`);
}

async function tryCommit(ledger: Ledger, message: string, changes: Change[]) {
  const { store, names, writer: { name, email, clock } } = ledger;
  const parent = ledger.mainCommit;
  const time = Math.floor(clock.now().getTime() / 1000);
  const commit = await store.write((writer) =>
    writer.commit({ parent, message, author: { name, email }, time, changes })
  );
  const change = { ref: names.branch, expected: parent, next: commit };
  const outcomes = await store.swap([change], { atomic: false });
  return { commit, outcome: outcomes.get(names.branch)! };
}
