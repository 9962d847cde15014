/**
 * What a grid's history must say of its owners: who had which attempt, and that nobody else spoke for
 * it.
 *
 * @module
 */
import type { Evidence, Result } from "./evidence.ts";
import type { Entry, Past, Version } from "./history.ts";
import { resultPlaces } from "./workload.ts";

/** A task came to the live edge once and left it once: it was not run again after its result. */
export function livedOnce({ versions }: Evidence): string[] {
  return [...versions].flatMap(([task_id, list]) => {
    const births = list.filter(({ entry }, at) => entry && !list[at - 1]?.entry).length;
    return births === 1 ? [] : [`${task_id}: was ${births} times on the live edge`];
  });
}

/** The result of a task is that of the attempt that stood on the shard right before. */
export function onlyOwnersReported({ submissions, results, versions }: Evidence): string[] {
  return submissions.flatMap((submission) => {
    const result = resultPlaces(submission).map((path) => results.get(path)).find(Boolean);
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

/** What only an owner may say. */
const OWNERS_WORDS = ["success", "failed", "timeout", "handed_back"];

/** A node claims for itself, and the end of an attempt is told by the node that had it. */
export function onlyOwnersSpoke({ versions }: Evidence): string[] {
  return [...versions].flatMap(([task_id, list]) =>
    list.flatMap(({ entry, writer, commit }, at) => {
      const before = list[at - 1]?.entry;
      const ended = entry?.attempts.slice(before?.attempts.length ?? 0) ?? [];
      const owners = ended.filter(({ outcome }) => OWNERS_WORDS.includes(outcome));
      const isClaim = isHeld(entry) && !(before && isSame(before, entry!));
      return [...owners, ...(isClaim ? [entry!] : [])]
        .filter(({ node_id }) => node_id !== writer)
        .map((owned) => `${task_id}: ${writer} spoke for ${told(owned)}, by ${commit}`);
    })
  );
}

/** What ran before its attempt was claimed ran for a former one. All nodes have the same clock. */
export function ranAsClaimed({ results }: Evidence): string[] {
  return [...results].flatMap(([path, { started_at, claimed_at }]) =>
    started_at === null || Date.parse(started_at) >= Date.parse(claimed_at)
      ? []
      : [`${path}: ran at ${started_at}, and was claimed at ${claimed_at}`]
  );
}

/** What a task went through is only added to, and nobody takes an attempt without a word. */
export function attemptsGrow({ versions }: Evidence): string[] {
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
