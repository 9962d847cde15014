/**
 * What a node could do next, by what it last saw of the ledger.
 *
 * @module
 */
import type { Ledger } from "../ledger/ledger.ts";
import type { QueuedFile, TaskSummary } from "../ledger/main_view.ts";
import type { Oid } from "../ledger/store.ts";
import { readSpec } from "../ledger/specs.ts";
import type { LiveState } from "../protocol/live_state.ts";
import { isDue, type Offer, unfitness } from "../scheduling/eligibility.ts";
import { ranked } from "../scheduling/ranking.ts";

/** A task that this node may claim. */
export interface Candidate {
  task: TaskSummary;
  /** The file that says what to run. */
  spec: Oid;
}

/** Everything a node has to choose from. */
export interface Choice {
  /** In the order in which they should be taken. */
  claimable: Candidate[];
  /** Files in the queue that are no tasks. */
  broken: { file: QueuedFile; problem: string }[];
  /** Whether there is work that this node could run, now or later, here or elsewhere. */
  isWorkLeft: boolean;
}

/** Looks through the queue and the live edge. */
export async function findWork(
  ledger: Ledger,
  nodeId: string,
  offer: Offer,
  now: Date,
): Promise<Choice> {
  const claimable: Candidate[] = [];
  const broken: Choice["broken"] = [];
  let isWorkLeft = false;
  for (const { file, state } of await openTasks(ledger)) {
    if (state?.status === "finished") continue;
    if ("problem" in file.content) {
      if (state === undefined) broken.push({ file, problem: file.content.problem });
      continue;
    }
    const { task } = file.content;
    if (unfitness(task, offer) !== undefined) continue;
    isWorkLeft = true;
    const free = state === undefined || state.status === "retrying";
    if (free && isDue(task.not_before, now) && isDue(state?.not_before, now)) {
      claimable.push({ task, spec: file.blob });
    }
  }
  const order = ranked(claimable.map(({ task }) => task), nodeId);
  const byId = new Map(claimable.map((candidate) => [candidate.task.task_id, candidate]));
  return { claimable: order.map(({ task_id }) => byId.get(task_id)!), broken, isWorkLeft };
}

/** All tasks without a settled result: those in the queue, and those only on the live edge. */
async function openTasks(ledger: Ledger): Promise<{ file: QueuedFile; state?: LiveState }[]> {
  const { queue } = ledger.main;
  const open = [...queue.values()].map((file) => ({ file, state: ledger.stateOf(file.task_id) }));
  for (const state of ledger.states()) {
    if (state.status === "finished" || queue.has(state.task_id)) continue;
    // Somebody took the file out of the queue after the task was claimed: the spec still counts.
    const file = await readSpec(ledger, state.task_id);
    if (file !== undefined) open.push({ file, state });
  }
  return open;
}
