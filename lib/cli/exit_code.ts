/**
 * How errors become exit codes and one line for people: what was being done, what was found, what
 * to do.
 *
 * @module
 */
import { GitError, type GitTrouble } from "../git/git_error.ts";
import { withoutPasswords } from "../git/without_passwords.ts";
import { NoGrid } from "../ledger/ledger.ts";
import { BadSettings } from "../ledger/main_view.ts";
import { InvalidInput } from "../protocol/problem.ts";
import { Interrupted, NoSuchThing, TaskNotSuccessful } from "./problems.ts";

/** What each exit code means, as the help prints it. */
export const EXIT_CODES: Readonly<Record<number, string>> = {
  0: "done",
  1: "failed",
  2: "wrong usage or invalid input",
  3: "the awaited task did not succeed",
  4: "no such thing",
};

/** The exit code that an error ends the program with. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof InvalidInput) return 2;
  if (error instanceof TaskNotSuccessful) return 3;
  if (error instanceof NoSuchThing) return 4;
  if (error instanceof Interrupted) return error.signal === "SIGINT" ? 130 : 143;
  return 1;
}

const GIT_ADVICE: Record<GitTrouble, string> = {
  unreachable: "check the address and the network, then try again",
  unauthorised: "check the credentials that git uses for this host",
  no_repository: "check the address, or make a repository with: dgrid init --repo PATH",
  refused: "check that you may write there and that no rule protects the branch or the grid's refs",
  server_failed: "look at the host: its disk may be full, or its repository damaged",
  untrusted: "tell git the host's certificate authority: http.sslCAInfo, or GIT_SSL_CAINFO",
  damaged: "run it again with another --home; nothing is lost with a local copy",
  disk_full: "make room on the disk, then try again",
  timed_out: "try again later",
  failed: "run it again with --log-level debug to see more",
};

/** An error as a message with advice, without the program's name; mostly one line. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const advice = adviceFor(error);
  return withoutPasswords(advice === undefined ? error.message : `${error.message}; ${advice}`);
}

function adviceFor(error: Error): string | undefined {
  if (error instanceof GitError) return GIT_ADVICE[error.trouble];
  if (error instanceof NoGrid) return "set one up with: dgrid init";
  if (error instanceof BadSettings) return "mend that file on the branch";
  return undefined;
}
