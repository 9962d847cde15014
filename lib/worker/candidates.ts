/**
 * What a node could do next, by what it last saw of the ledger.
 *
 * @module
 */
import type { Ledger } from "../ledger/ledger.ts";
import type { QueuedFile, TaskSummary } from "../ledger/main_view.ts";
import type { Oid } from "../ledger/store.ts";
import { readSpec, specBlobs } from "../ledger/specs.ts";
import type { LiveState } from "../protocol/live_state.ts";
import { isDue, type Offer, unfitness } from "../scheduling/eligibility.ts";
import { ranked } from "../scheduling/ranking.ts";
import type { Observer } from "./observer.ts";

/** A task that this node may claim. */
export interface Candidate {
  task_id: string;
  /** The file that says what to run; undefined where nobody can read it, so that it must be ended. */
  spec?: Oid;
  /** The instant of a retry that was waited out although our clock does not say so. */
  waited_for?: string;
}

/** Everything a node has to choose from. */
export interface Choice {
  /** In the order in which they should be taken; no more than were wanted. */
  claimable: Candidate[];
  /** Attempts whose owners' leases have lapsed. */
  lapsed: LiveState[];
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

/** Who looks for work, and when. */
export interface Seeker {
  nodeId: string;
  offers: Offers;
  /** The tasks that this node has in its hands. */
  held: ReadonlySet<string>;
  /** How many tasks it can take now. */
  wanted: number;
  now: Date;
  observer: Pick<Observer, "isLapsed" | "hasWaited">;
}

/** Looks through the queue and the live edge. */
export async function findWork(ledger: Ledger, seeker: Seeker): Promise<Choice> {
  const { offers, wanted, held } = seeker;
  const fit: Fit[] = [];
  const doomed: Candidate[] = [];
  const choice: Choice = { claimable: [], lapsed: [], broken: [], isWorkLeft: false };
  for (const { file: { task_id, content, ...file }, state } of await openTasks(ledger)) {
    const isLapsed = state !== undefined && seeker.observer.isLapsed(state);
    if (isLapsed) choice.lapsed.push(state);
    const isFree = !held.has(task_id) && (isLapsed ? mayGoOn(state, ledger) : isUnowned(state));
    if ("problem" in content) {
      if (state === undefined) {
        choice.broken.push({ file: { task_id, content, ...file }, problem: content.problem });
      } else if (isFree) doomed.push({ task_id });
    } else if (unfitness(content.task, offers.ever) === undefined) {
      choice.isWorkLeft = true;
      const canNow = unfitness(content.task, offers.now) === undefined;
      if (canNow && isFree && isDue(content.task.not_before, seeker.now)) {
        fit.push(...dueNow({ task: content.task, spec: file.blob }, state, seeker));
      }
    }
  }
  if (wanted > 0) choice.claimable = [...doomed, ...best(fit, seeker.nodeId)].slice(0, wanted);
  choice.isWorkLeft ||= choice.broken.length + doomed.length + choice.lapsed.length > 0;
  return choice;
}

/** A task that this node can run now. */
interface Fit {
  task: TaskSummary;
  spec: Oid;
  waited_for?: string;
}

function isUnowned(state: LiveState | undefined): boolean {
  return state === undefined || state.status === "retrying";
}

/** Whether an attempt that is taken away from its owner is followed by another one. */
function mayGoOn(state: LiveState, { main }: Ledger): boolean {
  const lost = state.attempts.filter(({ outcome }) => outcome === "lost").length;
  return state.status === "claimed" && lost + 1 < main.settings.max_attempts;
}

/** The task, if its retry has waited long enough. */
function dueNow(fit: Fit, state: LiveState | undefined, { now, observer }: Seeker): Fit[] {
  const notBefore = state?.not_before;
  if (state === undefined || isDue(notBefore, now)) return [fit];
  return observer.hasWaited(state) ? [{ ...fit, waited_for: notBefore }] : [];
}

function best(fit: Fit[], nodeId: string): Candidate[] {
  const byId = new Map(fit.map((it) => [it.task.task_id, it]));
  return ranked(fit.map(({ task }) => task), nodeId).map(({ task_id }) => {
    const { spec, waited_for } = byId.get(task_id)!;
    return { task_id, spec, waited_for };
  });
}

/** All tasks without a result that can go on, each with its state where it has one. */
async function openTasks(ledger: Ledger): Promise<{ file: QueuedFile; state?: LiveState }[]> {
  const { queue } = ledger.main;
  const open: { file: QueuedFile; state?: LiveState }[] = [];
  for (const file of queue.values()) {
    const { task_id } = file;
    if (ledger.stateOf(task_id) === undefined && !ledger.isBlocked(task_id)) open.push({ file });
  }
  const states = [...ledger.states()].filter(({ status }) => status !== "finished");
  const specs = await specBlobs(ledger, states.map(({ task_id }) => task_id));
  for (const state of states) {
    const queued = queue.get(state.task_id);
    // The file may have been taken out or changed since: what was claimed is what counts.
    const isAsClaimed = queued !== undefined && queued.blob === specs.get(state.task_id);
    const file = isAsClaimed ? queued : await readSpec(ledger, state.task_id);
    open.push({ file: file ?? missingSpec(state.task_id), state });
  }
  return open;
}

/** Stands for the spec of a claimed task that somebody has taken away. */
function missingSpec(task_id: string): QueuedFile {
  return { task_id, path: "", blob: "", content: { problem: "its spec is missing" } };
}
