/**
 * Reports that were refused because they had been heard before: the answer was lost, and somebody
 * has settled the result since.
 *
 * @module
 */
import { GitError } from "../git/git_error.ts";
import type { Heard, Saying } from "../ledger/draft.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Standing, standingsOf } from "../ledger/results.ts";

/** The reports among refused sayings whose very attempt stands in the task's result. */
export async function deliveredAmong(
  ledger: Ledger,
  sayings: Saying[],
  heard: Heard[],
): Promise<Set<Saying>> {
  const gone = sayings.filter(({ event }, index) => {
    const answer = heard[index];
    return !answer.heard && answer.refusal?.code === "not_owner" &&
      ledger.stateOf(event.task_id) === undefined;
  });
  if (gone.length === 0) return new Set();
  const standings = await readable(ledger, gone.map(({ event }) => event.task_id));
  return new Set(gone.filter(({ event }) => isTold(standings.get(event.task_id), event)));
}

/** Where the tasks stand; nothing where somebody has put a file there that is no result. */
async function readable(ledger: Ledger, ids: string[]): Promise<Map<string, Standing>> {
  try {
    return await standingsOf(ledger, ids);
  } catch (error) {
    if (error instanceof GitError) throw error;
    return new Map();
  }
}

function isTold(standing: Standing | undefined, event: Saying["event"]): boolean {
  if (standing === undefined || !("result" in standing) || event.kind !== "report") return false;
  return standing.result.attempts.some(({ attempt, claimed_at, outcome }) =>
    attempt === event.attempt && claimed_at === event.claimed_at && outcome === event.outcome
  );
}
