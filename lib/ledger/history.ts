/**
 * The history of one task: what happened to its files on the branch and to its entry on its shard.
 *
 * @module
 */
import { shardOf } from "../protocol/identity.ts";
import { queuePath, resultPaths, SHARD_PATHS } from "../protocol/layout.ts";
import { decodeLiveState, type LiveState } from "../protocol/live_state.ts";
import { decodeResult, type Result } from "../protocol/result.ts";
import { PRIORITIES } from "../protocol/task.ts";
import type { Ledger } from "./ledger.ts";
import { readInBatches } from "./read_in_batches.ts";
import { MAX_RESULT_BYTES } from "./results.ts";
import { MAX_STATE_BYTES } from "./shard_view.ts";
import { type Oid, type PathCommit, wholeContent } from "./store.ts";

/** Everything that is known of what happened to a task, the oldest first. */
export interface TaskHistory {
  /** The commits of the branch that touched its file in the queue, or its result. */
  branch: PathCommit[];
  /** How its entry on the shard changed. */
  shard: StateChange[];
  /** The results that are or were on the branch, by their content. */
  results: Map<Oid, PastResult>;
  /** Whether nothing older can be missing. */
  isWhole: boolean;
}

/** A commit that changed the task's entry on its shard. */
export interface StateChange {
  commit: PathCommit;
  /** The entry after it; undefined where there is none any more, or it cannot be read. */
  after?: LiveState;
  is: "entry" | "none" | "unreadable";
  /** Whether there was none before. */
  isNew: boolean;
}

/** A result without what the task printed. */
export type PastResult = Omit<Result, "stdout" | "stderr" | "output" | "task">;

/** Of more results and changes of the entry than this, the older ones are not read. */
const MAX_RESULTS = 50;
const MAX_STATES = 1_000;

/** Reads what happened to a task. Contents are fetched in a request for each kind. */
export async function readTaskHistory(ledger: Ledger, taskId: string): Promise<TaskHistory> {
  const branch = await branchHistory(ledger, taskId);
  const results = branch.commits.flatMap((commit) => placedResult(commit, taskId) ?? []);
  const runs = results.length + (ledger.stateOf(taskId) === undefined ? 0 : 1);
  const shard = await shardHistory(ledger, taskId, runs);
  const isCut = results.length > MAX_RESULTS || shard.commits.length > MAX_STATES;
  return {
    branch: branch.commits.toReversed(),
    shard: (await stateChanges(ledger, shard.commits.slice(0, MAX_STATES))).reverse(),
    results: await readResults(ledger, results.slice(0, MAX_RESULTS)),
    isWhole: branch.isWhole && shard.isWhole && !isCut,
  };
}

/** The result that a commit of the branch placed, if it did. */
function placedResult({ changes }: PathCommit, taskId: string): Oid | undefined {
  const paths: string[] = resultPaths(taskId);
  return changes.find(({ path, isOdd }) => paths.includes(path) && !isOdd)?.after;
}

/** The commit of the branch that placed what is now a task's result. */
export async function settlementOf(
  ledger: Ledger,
  path: string,
): Promise<PathCommit | undefined> {
  const tip = { ref: ledger.names.branch, commit: ledger.main.commit };
  const isFound = (commits: PathCommit[]) => commits.length > 0;
  return (await ledger.store.history(tip, [path], isFound)).commits[0];
}

async function branchHistory(ledger: Ledger, taskId: string) {
  const { names, main, store } = ledger;
  const queue = [
    ...PRIORITIES.map((priority) => queuePath(taskId, priority)),
    `tasks/queue/${taskId}.json`,
    ...main.pathsOf.get(taskId) ?? [],
  ];
  const tip = { ref: names.branch, commit: main.commit };
  const paths = [...new Set([...queue, ...resultPaths(taskId)])];
  const isSubmitted = (commits: PathCommit[]) =>
    commits.some((commit) => isSubmission(commit, resultPaths(taskId)));
  const { commits, isWhole } = await store.history(tip, paths, isSubmitted);
  // Before it was submitted, there was nothing.
  return { commits, isWhole: isWhole || isSubmitted(commits) };
}

/** Whether a commit brought a task that was not there in any form. */
function isSubmission({ changes }: PathCommit, results: string[]): boolean {
  return changes.every(({ before }) => before === undefined) &&
    changes.some(({ path }) => !results.includes(path));
}

/** @param runs how many times the entry must have come into being */
async function shardHistory(ledger: Ledger, taskId: string, runs: number) {
  const shard = shardOf(taskId);
  const { tip } = ledger.shard(shard);
  if (tip === undefined || runs === 0) return { commits: [], isWhole: true };
  const hasAll = (commits: PathCommit[]) =>
    commits.filter(({ changes }) => changes[0].before === undefined).length >= runs;
  const from = { ref: ledger.names.shard(shard), commit: tip };
  const { commits, isWhole } = await ledger.store.history(from, [SHARD_PATHS.task(taskId)], hasAll);
  return { commits, isWhole: isWhole || hasAll(commits) };
}

async function stateChanges(ledger: Ledger, commits: PathCommit[]): Promise<StateChange[]> {
  const entries = commits.flatMap(({ changes: [{ after, isOdd }] }) => isOdd ? [] : after ?? []);
  const contents = await ledger.store.read(entries, MAX_STATE_BYTES);
  return commits.map((commit): StateChange => {
    const [{ before, after }] = commit.changes;
    const isNew = before === undefined;
    if (after === undefined) return { commit, is: "none", isNew };
    const content = wholeContent(contents.get(after));
    const state = content && decodeLiveState(content);
    return state?.ok
      ? { commit, is: "entry", after: state.value, isNew }
      : { commit, is: "unreadable", isNew };
  });
}

async function readResults(ledger: Ledger, blobs: Oid[]): Promise<Map<Oid, PastResult>> {
  const results = new Map<Oid, PastResult>();
  for await (const contents of readInBatches(ledger.store, blobs, MAX_RESULT_BYTES)) {
    for (const [blob, content] of contents) {
      const bytes = wholeContent(content);
      const result = bytes && decodeResult(bytes);
      if (!result?.ok) continue;
      const { stdout: _o, stderr: _e, output: _r, task: _t, ...past } = result.value;
      results.set(blob, past);
    }
  }
  return results;
}
