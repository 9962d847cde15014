import { GitError } from "../git/git_error.ts";
import { NoGrid } from "../ledger/ledger.ts";
import { BadSettings } from "../ledger/main_view.ts";

/**
 * Whether a tick that failed may work later: the server or the branch is away, or somebody pushed
 * settings that somebody will have to mend. Anything else is a defect of ours and ends the worker.
 */
export function isPassing(error: unknown): error is Error {
  return error instanceof GitError || error instanceof BadSettings || error instanceof NoGrid;
}
