/**
 * How long a task waited whose owner was killed.
 *
 * @module
 */
import type { Injected } from "./faults.ts";
import type { Entry, Version } from "./history.ts";

/** A task of a killed node. */
export interface Recovery {
  task_id: string;
  node: string;
  /** From the kill until somebody claimed it, handed it back or ended it. */
  waitedMs: number;
  /** Whether the server was away meanwhile. */
  metCut: boolean;
}

/** A stretch of time in which a node owned a task. */
interface Ownership {
  task_id: string;
  node: string;
  fromMs: number;
  toMs: number;
}

const CUT_MS = 15_000;

/** Each task that a kill interrupted. All on one machine, so its clock is everybody's. */
export function recoveriesOf(journal: Injected[], versions: Map<string, Version[]>): Recovery[] {
  const owned = [...versions].flatMap(([id, list]) => ownerships(id, list));
  const cuts = journal.filter(({ kind }) => kind === "cut").map(({ atMs }) => atMs);
  return journal.filter(({ kind }) => kind === "kill").flatMap(({ atMs, node }) =>
    owned.filter((it) => it.node === node && it.fromMs < atMs && it.toMs > atMs)
      .map(({ task_id, toMs }) => ({
        task_id,
        node: node!,
        waitedMs: toMs - atMs,
        metCut: cuts.some((cut) => cut < toMs && cut + CUT_MS > atMs),
      }))
  );
}

function ownerships(task_id: string, versions: Version[]): Ownership[] {
  return versions.flatMap(({ entry }, at): Ownership[] => {
    if (entry?.status !== "claimed") return [];
    const next = versions.slice(at + 1).find(({ entry: later }) => !isOf(later, entry));
    const toMs = next?.entry ? sinceOf(next.entry, entry) : Infinity;
    const fromMs = Date.parse(entry.claimed_at);
    return [{ task_id, node: entry.node_id, fromMs, toMs }];
  });
}

function isOf(later: Entry | undefined, { attempt, claimed_at }: Entry): boolean {
  return later !== undefined && later.status !== "retrying" && later.status !== "finished" &&
    later.attempt === attempt && later.claimed_at === claimed_at;
}

/** When the next state began: the end of the owner's attempt stands in it. */
function sinceOf(next: Entry, { attempt, claimed_at }: Entry): number {
  const end = next.attempts.find((past) =>
    past.attempt === attempt && past.claimed_at === claimed_at
  );
  return Date.parse(end?.ended_at ?? next.claimed_at);
}
