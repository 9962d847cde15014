/**
 * What the checker knows of a task: what it saw on the server, and nothing that a process believes.
 *
 * @module
 */
import type { Oid } from "../../../lib/ledger/store.ts";
import type { Container } from "../containers.ts";
import type { Life } from "../life.ts";

/** An attempt that is over, as an entry tells it. */
export interface Past {
  attempt: number;
  node_id: string;
  claimed_at: string;
  ended_at: string;
  outcome: string;
}

/** An entry of the live edge, read without the program's own parsers. */
export interface Entry {
  task_id: string;
  status: "claimed" | "retrying" | "cancelling" | "finished";
  attempt: number;
  node_id: string;
  claimed_at: string;
  not_before?: string;
  attempts: Past[];
}

/** A claim that took effect. */
export interface Claim {
  node_id: string;
  attempt: number;
  claimed_at: string;
  /** In which run of the task. */
  run: number;
  /** The process that made it. */
  by: Life;
  /** When it took effect on the server. */
  wonAt: number;
  /** When somebody's wish to cancel the task took effect. */
  cancelledAt?: number;
  /** When the attempt was over for the grid. */
  overAt?: number;
  /** What ran for it. */
  container?: Container;
}

export interface Story {
  task_id: string;
  /** Whether its file in the queue is no task. */
  isBroken: boolean;
  retries: number;
  /** Its file in the queue, as the server has it now. */
  queued?: Oid;
  /** Its result on the branch, as the server has it now. */
  result?: { path: string; blob: Oid };
  /** Results of former runs, which are not on the branch any more. */
  former: Set<Oid>;
  entry?: Entry;
  claims: Claim[];
  /** How often somebody had it run anew. */
  runs: number;
}

/** Whether somebody owns the task. */
export function isHeld(entry: Entry | undefined): boolean {
  return entry?.status === "claimed" || entry?.status === "cancelling";
}

/** The claim that an entry tells of. */
export function claimOf(
  story: Story,
  { node_id, attempt, claimed_at }: Pick<Entry, "node_id" | "attempt" | "claimed_at">,
): Claim | undefined {
  return story.claims.findLast((claim) =>
    claim.node_id === node_id && claim.attempt === attempt && claim.claimed_at === claimed_at
  );
}
