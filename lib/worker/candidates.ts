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
  task_id: string;
  /** The file that says what to run; undefined where nobody can read it, so that it must be ended. */
  spec?: Oid;
}

/** Everything a node has to choose from. */
export interface Choice {
  /** In the order in which they should be taken; no more than were wanted. */
  claimable: Candidate[];
  /** Files in the queue that are no tasks. */
  broken: { file: QueuedFile; problem: string }[];
  /** Whether there is work that this node could run, now or later, here or elsewhere. */
  isWorkLeft: boolean;
}

/** What a node can run when all is well, and what it can run now. */
export interface Offers {
  ever: Offer;
  now: Offer;
}

/**
 * Looks through the queue and the live edge.
 *
 * @param wanted how many tasks the node can take now
 */
export async function findWork(
  ledger: Ledger,
  nodeId: string,
  offers: Offers,
  wanted: number,
  now: Date,
): Promise<Choice> {
  const fit: Fit[] = [];
  const doomed: Candidate[] = [];
  const broken: Choice["broken"] = [];
  let isWorkLeft = false;
  for (const { file: { task_id, content, ...file }, state } of await openTasks(ledger)) {
    if ("problem" in content) {
      if (state === undefined) {
        broken.push({ file: { task_id, content, ...file }, problem: content.problem });
      } else if (state.status === "retrying") doomed.push({ task_id });
    } else if (unfitness(content.task, offers.ever) === undefined) {
      isWorkLeft = true;
      const canNow = unfitness(content.task, offers.now) === undefined;
      if (canNow && isFree(content.task, state, now)) {
        fit.push({ task: content.task, spec: file.blob });
      }
    }
  }
  const claimable = wanted > 0 ? [...doomed, ...best(fit, nodeId)].slice(0, wanted) : [];
  return { claimable, broken, isWorkLeft: isWorkLeft || broken.length + doomed.length > 0 };
}

/** A task that this node can run now. */
interface Fit {
  task: TaskSummary;
  spec: Oid;
}

/** Whether anybody may claim a task now. */
function isFree(task: TaskSummary, state: LiveState | undefined, now: Date): boolean {
  const isUnowned = state === undefined || state.status === "retrying";
  return isUnowned && isDue(task.not_before, now) && isDue(state?.not_before, now);
}

function best(fit: Fit[], nodeId: string): Candidate[] {
  const specs = new Map(fit.map(({ task, spec }) => [task.task_id, spec]));
  return ranked(fit.map(({ task }) => task), nodeId)
    .map(({ task_id }) => ({ task_id, spec: specs.get(task_id) }));
}

/** All tasks without a result, each with its state where it has one. */
async function openTasks(ledger: Ledger): Promise<{ file: QueuedFile; state?: LiveState }[]> {
  const { queue } = ledger.main;
  const open: { file: QueuedFile; state?: LiveState }[] = [];
  for (const file of queue.values()) {
    if (ledger.stateOf(file.task_id) === undefined) open.push({ file });
  }
  for (const state of ledger.states()) {
    if (state.status === "finished") continue;
    const queued = queue.get(state.task_id);
    // The file may have been taken out or changed since: what was claimed is what counts.
    const isAsClaimed = queued !== undefined && "task" in queued.content;
    const file = isAsClaimed ? queued : await readSpec(ledger, state.task_id);
    open.push({ file: file ?? missingSpec(state.task_id), state });
  }
  return open;
}

/** Stands for the spec of a claimed task that somebody has taken away. */
function missingSpec(task_id: string): QueuedFile {
  return { task_id, path: "", blob: "", content: { problem: "its spec is missing" } };
}
