/**
 * What must be true of a grid's repository at the end, whatever happened on the way.
 *
 * @module
 */
import type { Chain, Evidence, Result } from "./evidence.ts";
import {
  attemptsGrow,
  livedOnce,
  onlyOwnersReported,
  onlyOwnersSpoke,
  ranAsClaimed,
} from "./owner_checks.ts";
import { KINDS, resultPlaces, type Submission } from "./workload.ts";

/** Every breach, one sentence each. */
export function breaches(evidence: Evidence): string[] {
  return CHECKS.flatMap((check) => check(evidence));
}

const CHECKS: ((evidence: Evidence) => string[])[] = [
  oneResultEach,
  resultsStay,
  settledAsReported,
  nothingIsLeft,
  endedAsTheyShould,
  livedOnce,
  onlyOwnersReported,
  onlyOwnersSpoke,
  ranAsClaimed,
  attemptsGrow,
  chainsOnlyGrow,
  ({ complaints }) => complaints.map((words) => `fsck: ${words}`),
];

/** Each task has exactly one result, and nothing else has one. */
function oneResultEach({ submissions, results }: Evidence): string[] {
  const lacking = submissions.flatMap((task) => {
    const count = resultPlaces(task).filter((path) => results.has(path)).length;
    return count === 1 ? [] : [`${task.task_id}: has ${count} results`];
  });
  const known = new Set(submissions.flatMap(resultPlaces));
  const strange = [...results.keys()].filter((path) => !known.has(path));
  return [...lacking, ...strange.map((path) => `${path}: is the result of no task`)];
}

/** In all of history a result was added, once, and that was all. */
function resultsStay({ resultChanges }: Evidence): string[] {
  const byTask = Map.groupBy(resultChanges, ({ path }) => nameOf(path));
  return [...byTask].flatMap(([name, changes]) => {
    if (changes.length === 1 && changes[0].how === "A") return [];
    const told = changes.map(({ how, path, commit }) => `${how} ${path} in ${commit}`);
    return [`${name}: its result was not just added once: ${told.join(", ")}`];
  });
}

/** A task's result was written to its shard once, and this very content came to the branch. */
function settledAsReported({ resultChanges, reports }: Evidence): string[] {
  const byName = Map.groupBy(reports, ({ path }) => nameOf(path));
  return resultChanges.flatMap(({ path, blob }) => {
    const blobs = (byName.get(nameOf(path)) ?? []).map(({ blob }) => blob);
    return blobs.length === 1 && blobs[0] === blob
      ? []
      : [`${path}: is ${blob}, its shard had ${blobs.join(", ")}`];
  });
}

function nothingIsLeft({ files, liveFiles }: Evidence): string[] {
  const queued = files.filter((path) => /^tasks\/(queue|in_progress)\/.*\.json$/.test(path));
  const live = liveFiles.filter((path) => !path.endsWith(":settled"));
  return [...queued, ...live].map((path) => `${path}: is left`);
}

/** Each task ended in a way in which its kind can end, and what it gave is what it was given. */
function endedAsTheyShould({ submissions, results, maxAttempts }: Evidence): string[] {
  return submissions.flatMap((submission) => {
    const result = resultOf(results, submission);
    const why = result && wrongEnd(submission, result, maxAttempts);
    return why === undefined ? [] : [`${submission.task_id}: ${why}`];
  });
}

function wrongEnd(
  { kind, task }: Submission,
  { status, attempts, output }: Result,
  maxAttempts: number,
): string | undefined {
  const lost = attempts.filter(({ outcome }) => outcome === "lost").length;
  if (status === "lost") return lost === maxAttempts ? undefined : `given up after ${lost} owners`;
  if (!KINDS[kind].ends.includes(status)) return `ended with ${status}`;
  if (status !== "success" || output === task.input) return undefined;
  return `gave ${output} and not ${task.input}`;
}

/** Each move of a ref on the server went from a commit to its child. */
function chainsOnlyGrow({ chains }: Evidence): string[] {
  return chains.flatMap(wrongMoves);
}

function wrongMoves({ ref, moves, parents }: Chain): string[] {
  return moves.flatMap(({ from, to }, at) => {
    if (at > 0 && moves[at - 1].to !== from) return [`${ref}: was moved unseen to ${from}`];
    return parents.get(to) === from
      ? []
      : [`${ref}: went from ${from} to ${to}, which is no child`];
  });
}

function nameOf(path: string): string {
  return path.split("/").at(-1)!;
}

function resultOf(results: Map<string, Result>, task: Submission): Result | undefined {
  return resultPlaces(task).map((path) => results.get(path)).find((it) => it !== undefined);
}
