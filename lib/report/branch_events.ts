/**
 * What happened to a task on the branch.
 *
 * @module
 */
import type { PastResult } from "../ledger/history.ts";
import type { Oid, PathCommit } from "../ledger/store.ts";
import { resultPaths } from "../protocol/layout.ts";
import { inCommit, type LogEvent } from "./log_event.ts";

/** An event, and the result that it brought, as far as it can be read. */
export interface BranchEvent {
  event: LogEvent;
  result?: PastResult;
}

/**
 * What commits of the branch did to a task.
 *
 * @param commits the oldest first
 * @param results the results that they placed, by their content
 */
export function branchEvents(
  taskId: string,
  commits: PathCommit[],
  results: ReadonlyMap<Oid, PastResult>,
): BranchEvent[] {
  return commits.flatMap((commit) => eventsIn(commit, resultPaths(taskId), results));
}

function eventsIn(
  commit: PathCommit,
  paths: string[],
  results: ReadonlyMap<Oid, PastResult>,
): BranchEvent[] {
  const isResult = ({ path }: { path: string }) => paths.includes(path);
  const result = commit.changes.find(isResult);
  const queue = commit.changes.filter((change) => !isResult(change));
  if (result?.after !== undefined) return [settled(commit, result.path, results.get(result.after))];
  const put = queue.find(({ after }) => after !== undefined);
  if (put !== undefined) {
    const isThere = queue.some(({ before }) => before !== undefined);
    const kind = isThere ? "changed" : result === undefined ? "submitted" : "retried";
    return [{ event: inCommit(commit, { kind, path: put.path }) }];
  }
  const kind = result === undefined ? "withdrawn" : "result_removed";
  const { path } = result ?? queue[0];
  return [{ event: inCommit(commit, { kind, path }) }];
}

function settled(commit: PathCommit, path: string, result?: PastResult): BranchEvent {
  const { status, exit_code, node_id } = result ?? {};
  const said = result === undefined ? {} : { status, exit_code, node_id };
  return { event: inCommit(commit, { kind: "settled", path, ...said }), result };
}
