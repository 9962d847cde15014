import type { Attempt } from "../protocol/live_state.ts";

/** Whether an attempt is only the place where somebody ended a task that nobody ran. */
export function isNeverRun({ claimed_at, ended_at, outcome }: Attempt): boolean {
  return claimed_at === ended_at && (outcome === "cancelled" || outcome === "rejected");
}

/** An attempt that is over, as a sentence without its end: `attempt 1 on w1 failed`. */
export function attemptInWords(attempt: Attempt): string {
  const { node_id } = attempt;
  if (isNeverRun(attempt)) {
    return attempt.outcome === "rejected"
      ? `${node_id} rejected it: its file is no task`
      : `it was cancelled by ${node_id}, while nobody ran it`;
  }
  return `attempt ${attempt.attempt} on ${node_id} ${OUTCOME_WORDS[attempt.outcome]}`;
}

const OUTCOME_WORDS: Record<Attempt["outcome"], string> = {
  success: "succeeded",
  failed: "failed",
  timeout: "reached its time limit",
  cancelled: "was cancelled",
  rejected: "was rejected",
  lost: "was lost: no sign of life for a lease",
  handed_back: "was handed back unfinished",
};
