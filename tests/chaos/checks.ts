/**
 * What must be true of a grid's repository at the end, whatever happened on the way.
 *
 * @module
 */
import type { Chain, Evidence, Result } from "./evidence.ts";
import type { Entry, Past, Version } from "./history.ts";
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

/** A task came to the live edge once and left it once: it was not run again after its result. */
function livedOnce({ versions }: Evidence): string[] {
  return [...versions].flatMap(([task_id, list]) => {
    const births = list.filter(({ entry }, at) => entry && !list[at - 1]?.entry).length;
    return births === 1 ? [] : [`${task_id}: was ${births} times on the live edge`];
  });
}

/** The result of a task is that of the attempt that stood on the shard right before. */
function onlyOwnersReported({ submissions, results, versions }: Evidence): string[] {
  return submissions.flatMap((submission) => {
    const result = resultOf(results, submission);
    if (result === undefined) return [];
    const why = notByOwner(versions.get(submission.task_id) ?? [], result);
    return why === undefined ? [] : [`${submission.task_id}: ${why}`];
  });
}

function notByOwner(versions: Version[], result: Result): string | undefined {
  const at = versions.findIndex(({ entry }) => entry?.status === "finished");
  if (at < 0) return "its shard never showed it as finished";
  const [before, after] = [versions[at - 1]?.entry, versions[at + 1]];
  if (after?.entry) return `changed after it was finished, by ${after.commit}`;
  const nobodys = before === undefined || before.status === "retrying";
  if (nobodys && ["rejected", "cancelled"].includes(result.status)) return undefined;
  if (isHeld(before) && isSame(before!, result)) return undefined;
  return `its result is of ${told(result)}, before it stood ${
    before ? `${before.status} of ${told(before)}` : "nothing"
  }`;
}

/** What a task went through is only added to, and nobody takes an attempt without a word. */
function attemptsGrow({ versions }: Evidence): string[] {
  return [...versions].flatMap(([task_id, list]) =>
    list.flatMap(({ entry, commit }, at) => {
      const why = entry && wrongStep(list[at - 1]?.entry, entry);
      return why === undefined ? [] : [`${task_id}: ${why}, by ${commit}`];
    })
  );
}

function wrongStep(before: Entry | undefined, entry: Entry): string | undefined {
  const numbers = entry.attempts.map(({ attempt }) => attempt);
  if (numbers.some((number, at) => at > 0 && number <= numbers[at - 1])) {
    return `its attempts do not grow: ${numbers.join(", ")}`;
  }
  if (before === undefined) return undefined;
  if (entry.attempt < before.attempt) return `went back to attempt ${entry.attempt}`;
  const kept = JSON.stringify(entry.attempts.slice(0, before.attempts.length));
  if (kept !== JSON.stringify(before.attempts)) return "lost some of its past";
  const isTakenAway = isHeld(before) && !(isHeld(entry) && isSame(before, entry));
  if (!isTakenAway || entry.attempts.some((past) => isSame(before, past))) return undefined;
  return `${told(before)} vanished`;
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

function isHeld(entry: Entry | undefined): boolean {
  return entry?.status === "claimed" || entry?.status === "cancelling";
}

type Owned = Pick<Past, "node_id" | "attempt" | "claimed_at">;

function isSame(one: Owned, other: Owned): boolean {
  return one.node_id === other.node_id && one.attempt === other.attempt &&
    one.claimed_at === other.claimed_at;
}

function told({ node_id, attempt, claimed_at }: Owned): string {
  return `${node_id}, attempt ${attempt}, claimed at ${claimed_at}`;
}
