import type { PathCommit } from "../ledger/store.ts";
import type { Attempt } from "../protocol/live_state.ts";
import type { Result } from "../protocol/result.ts";
import { attemptInWords, isNeverRun } from "./attempt_words.ts";
import type { Explanation } from "./explanation.ts";
import { ago } from "./span.ts";

/** A result on the branch. */
export interface Settled {
  result: Result;
  path: string;
  /** The commit that placed it there, where that is known. */
  commit?: PathCommit;
  now: Date;
}

/** How a settled task ended, and how it came to that. */
export function explainSettled({ result, path, commit, now }: Settled): Explanation {
  const { task_id, status, attempts, timestamp } = result;
  const settled_at = commit && new Date(commit.time * 1000).toISOString();
  const why = [
    `It ended at ${ago(timestamp, now)}: ${ending(result)}.`,
    ...attempts.map((attempt) => `${capital(attemptInWords(attempt))}${span(attempt)}.`),
    settled_at === undefined
      ? `Its result is on the branch: ${path}.`
      : `${commit!.author.name} settled it at ${ago(settled_at, now)}: ${path}.`,
  ];
  const where = commit === undefined ? {} : { settled_at, commit: commit.oid };
  return { task_id, state: "settled", why, attempts, result: { path, status, ...where } };
}

function ending({ status, exit_code, node_id, reason }: Result): string {
  const code = status === "failed" && exit_code !== null ? ` with exit code ${exit_code}` : "";
  const why = reason ? `: ${reason.replace(/\.$/, "")}` : "";
  return `${status}${code} on ${node_id}${why}`;
}

function span(attempt: Attempt): string {
  return isNeverRun(attempt) ? "" : `, from ${attempt.claimed_at} to ${attempt.ended_at}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
