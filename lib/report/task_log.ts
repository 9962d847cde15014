/**
 * The whole history of a task as one list. The branch and the shard each have their own order; how they
 * fit together is told by the results, and by no clock.
 *
 * @module
 */
import type { TaskHistory } from "../ledger/history.ts";
import { type BranchEvent, branchEvents } from "./branch_events.ts";
import type { LogEvent } from "./log_event.ts";
import { eventsOfAttempts, keyOf, type Run, runsIn } from "./shard_events.ts";

/** What happened to a task, the oldest first. */
export function taskLog(taskId: string, history: TaskHistory): LogEvent[] {
  const runs = runsIn(history.shard);
  const branch = branchEvents(taskId, history.branch, history.results);
  const told = branch.flatMap((step) => [...eventsBefore(step, runs), step.event]);
  // What has not been settled is still going on, or was taken away by hand.
  return [...told, ...runs.flatMap(({ events }) => events)];
}

/** What led to a result on the branch; takes it out of the runs. */
function eventsBefore({ result }: BranchEvent, runs: Run[]): LogEvent[] {
  if (result === undefined) return [];
  const at = runs.findIndex((run) => endsLike(run, result));
  return at < 0 ? eventsOfAttempts(result.attempts) : runs.splice(at, 1)[0].events;
}

function endsLike({ last }: Run, { attempts }: { attempts: Run["last"][] }): boolean {
  const end = attempts.at(-1);
  return last !== undefined && end !== undefined && keyOf(last) === keyOf(end);
}
