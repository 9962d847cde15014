/**
 * What a node could do next, by what it last saw of the ledger.
 *
 * @module
 */
import type { Ledger } from "../ledger/ledger.ts";
import type { QueuedFile } from "../ledger/main_view.ts";
import type { Oid } from "../ledger/store.ts";
import { readSpec, specBlobs } from "../ledger/specs.ts";
import { shardOf, SHARDS } from "../protocol/identity.ts";
import type { LiveState } from "../protocol/live_state.ts";
import { isDue, type Offer, unfitness } from "../scheduling/eligibility.ts";
import { compareRanks, type RankKey } from "../scheduling/ranking.ts";
import type { Observer } from "./observer.ts";
import type { Precedence } from "./precedence.ts";
import { type Queued, queuedOf, type QueueOrder } from "./queue_order.ts";

/** A task that this node may claim. */
export interface Candidate {
  task_id: string;
  /** The file that says what to run; undefined where nobody can read it, so that it must be ended. */
  spec?: Oid;
  /** The instant of a retry that was waited out although our clock does not say so. */
  waited_for?: string;
  /** Since when it waits for somebody, as far as this node has seen, by the clock's `elapsedMs`. */
  sinceMs: number;
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
  /** How long until this node may take something that it leaves to others now, in milliseconds. */
  helpsInMs: number;
}

/** What a node can run when all is well, and what it can run now. */
export interface Offers {
  ever: Offer;
  now: Offer;
}

/** Who looks for work, and when. */
export interface Seeker {
  offers: Offers;
  precedence: Pick<Precedence, "territory" | "isOwn" | "graceMs" | "takesInMs">;
  /** The tasks that this node has in its hands. */
  held: ReadonlySet<string>;
  /** How many tasks it can take now. */
  wanted: number;
  /** How many of them may be in others' shards, where it finds any in its own. */
  abroad: number;
  now: Date;
  /** The same moment, by the clock's `elapsedMs`. */
  nowMs: number;
  observer: Pick<Observer, "isLapsed" | "hasWaited" | "waitsSinceMs">;
  order: QueueOrder;
}

/** What is taken at once is read into memory at once: so many bytes of specs at most, or one. */
const MAX_TAKEN_BYTES = 32 * 1_048_576;

/** Looks through the queue and the live edge. */
export async function findWork(ledger: Ledger, seeker: Seeker): Promise<Choice> {
  const choice: Choice = {
    claimable: [],
    lapsed: [],
    broken: [],
    isWorkLeft: false,
    helpsInMs: Infinity,
  };
  const live = liveWork(ledger, seeker);
  choice.lapsed = live.lapsed;
  const { fit, doomed } = await readFree(ledger, live.free, seeker, choice);
  fit.push(...queuedWork(ledger, seeker, choice));
  if (seeker.wanted > 0) choice.claimable = chosen(doomed, fit, seeker);
  // What is in hand may come back, to be tried again.
  choice.isWorkLeft ||= seeker.held.size > 0 ||
    choice.broken.length + doomed.length + choice.lapsed.length > 0 ||
    // What others have just moved is read only when they have done with it.
    SHARDS.some((shard) => !ledger.isCurrent(shard)) ||
    await hasWorkLater(ledger, live.taken, seeker);
  return choice;
}

/** A task that this node can run now. */
interface Fit {
  queued: Queued;
  /** Not to be begun before. */
  notBefore?: string;
  waited_for?: string;
}

/** The unfinished tasks on the live edge that are not in this node's hands. */
interface LiveWork {
  lapsed: LiveState[];
  /** What anybody may claim. */
  free: LiveState[];
  /** What others have. */
  taken: LiveState[];
}

function liveWork(ledger: Ledger, { held, observer }: Seeker): LiveWork {
  const work: LiveWork = { lapsed: [], free: [], taken: [] };
  // What has moved since it was read is no longer so.
  const shards = [...ledger.shards].filter(([shard]) => ledger.isCurrent(shard));
  for (const { state } of shards.flatMap(([, { tasks }]) => [...tasks.values()])) {
    if (state.status === "finished") continue;
    const isLapsed = observer.isLapsed(state);
    if (isLapsed) work.lapsed.push(state);
    if (held.has(state.task_id)) continue;
    const isFree = isLapsed ? mayGoOn(state, ledger) : state.status === "retrying";
    (isFree ? work.free : work.taken).push(state);
  }
  return work;
}

/** Whether an attempt that is taken away from its owner is followed by another one. */
function mayGoOn(state: LiveState, { main }: Ledger): boolean {
  const lost = state.attempts.filter(({ outcome }) => outcome === "lost").length;
  return state.status === "claimed" && lost + 1 < main.settings.max_attempts;
}

/** What is free on the live edge, by what it asks for; what nobody can read is doomed. */
async function readFree(
  ledger: Ledger,
  free: LiveState[],
  seeker: Seeker,
  choice: Choice,
): Promise<{ fit: Fit[]; doomed: Candidate[] }> {
  const fit: Fit[] = [];
  const doomed: Candidate[] = [];
  for (const { file, state } of await filesOf(ledger, free)) {
    const seenMs = seeker.observer.waitsSinceMs(state) ?? seeker.nowMs;
    const [queued] = queuedOf(file, seeker.precedence.territory, seenMs);
    if (queued === undefined) doomed.push({ task_id: state.task_id, sinceMs: seenMs });
    else if (isFitEver(queued, seeker)) {
      choice.isWorkLeft = true;
      if (isFitNow(queued, seeker)) fit.push(...dueNow(queued, state, seeker));
    }
  }
  return { fit, doomed };
}

/** The task, if its retry has waited long enough; in another's shard, also for those whose it is. */
function dueNow(queued: Queued, state: LiveState, seeker: Seeker): Fit[] {
  const { now, observer, precedence } = seeker;
  const notBefore = state.not_before;
  const graceMs = precedence.graceMs(queued.shard);
  if (isDue(notBefore, new Date(now.getTime() - graceMs))) return [{ queued, notBefore }];
  return observer.hasWaited(state) ? [{ queued, notBefore, waited_for: notBefore }] : [];
}

/** As much of the queue as is wanted. Notes what must be ended, and whether anything is left. */
function queuedWork(ledger: Ledger, seeker: Seeker, choice: Choice): Fit[] {
  const { order, wanted, abroad } = seeker;
  for (const file of order.broken) {
    if ("problem" in file.content && isOpen(ledger, file)) {
      choice.broken.push({ file, problem: file.content.problem });
    }
  }
  const search = { ledger, seeker, choice };
  const own = fitAmong(order.own, wanted, search);
  if (own.length === 0) return fitAmong(order.others, wanted, search);
  // While there are any in its own shards, of others' tasks only those that go before.
  const last = own.at(-1)!.queued.key;
  return [...own, ...fitAmong(order.others, Math.min(abroad, wanted), search, last)];
}

interface Search {
  ledger: Ledger;
  seeker: Seeker;
  choice: Choice;
}

/**
 * The first tasks of a list that this node may take now. Of others' shards it takes from one at a time:
 * each more is one more at which it may meet somebody.
 *
 * @param last what goes after this is not looked at
 */
function fitAmong(
  list: readonly Queued[],
  most: number,
  search: Search,
  last?: RankKey,
): Fit[] {
  const { ledger, seeker, choice } = search;
  const fit: Fit[] = [];
  let helped: string | undefined;
  for (const queued of list) {
    if (fit.length >= most && choice.isWorkLeft) break;
    if (last !== undefined && compareRanks(queued.key, last) > 0) break;
    if (!isFitEver(queued, seeker) || !isOpen(ledger, queued.file, queued.shard)) continue;
    choice.isWorkLeft = true;
    if (fit.length >= most || !isFitNow(queued, seeker)) continue;
    const isOwn = seeker.precedence.isOwn(queued.shard);
    if (!isOwn && !mayHelp(queued, search)) continue;
    if (!isOwn && (helped ??= queued.shard) !== queued.shard) continue;
    fit.push({ queued, notBefore: queued.task.not_before });
  }
  return fit;
}

/** Whether to take a task from another's shard; notes how long to leave it there. */
function mayHelp({ shard, seenMs }: Queued, { ledger, seeker, choice }: Search): boolean {
  const leftMs = seeker.precedence.takesInMs(shard, seenMs);
  // What is shown of a shard can be old; then the next look reads it, because it is wanted now.
  if (leftMs === 0 && ledger.isCurrent(shard)) return true;
  choice.helpsInMs = Math.min(choice.helpsInMs, leftMs);
  return false;
}

/** Whether nobody has begun a task that is in the queue, and somebody may. */
function isOpen(ledger: Ledger, { task_id }: QueuedFile, shard = shardOf(task_id)): boolean {
  return ledger.stateOf(task_id, shard) === undefined && !ledger.isBlocked(task_id, shard);
}

function isFitEver({ task }: Queued, { offers }: Seeker): boolean {
  return unfitness(task, offers.ever) === undefined;
}

function isFitNow({ task }: Queued, { offers, held, now }: Seeker): boolean {
  return !held.has(task.task_id) && unfitness(task, offers.now) === undefined &&
    isDue(task.not_before, now);
}

/** The first of what can be taken: as many as are wanted and fit into memory. */
function chosen(doomed: Candidate[], fit: Fit[], seeker: Seeker): Candidate[] {
  const { wanted } = seeker;
  const best = fit.sort((a, b) => compareRanks(a.queued.key, b.queued.key)).slice(0, wanted);
  let bytes = 0;
  const end = best.findIndex(({ queued: { file } }, at) =>
    (bytes += file.bytes) > MAX_TAKEN_BYTES && at > 0
  );
  const small = end < 0 ? best : best.slice(0, end);
  const candidates = small.map((it): Candidate => ({
    task_id: it.queued.file.task_id,
    spec: it.queued.file.blob,
    waited_for: it.waited_for,
    sinceMs: sinceMs(it, seeker),
  }));
  return [...doomed, ...candidates].slice(0, wanted);
}

/** Since when a task was there and due. Only for counting: due is by the wall clock. */
function sinceMs({ queued: { seenMs }, notBefore }: Fit, { now, nowMs }: Seeker): number {
  const dueMs = notBefore === undefined
    ? -Infinity
    : nowMs - (now.getTime() - Date.parse(notBefore));
  return Math.min(nowMs, Math.max(seenMs, dueMs));
}

/** Whether this node could run some of what others have, should they not end it. */
async function hasWorkLater(ledger: Ledger, taken: LiveState[], seeker: Seeker): Promise<boolean> {
  for (const { file } of await filesOf(ledger, taken)) {
    const [queued] = queuedOf(file, seeker.precedence.territory, seeker.nowMs);
    if (queued !== undefined && isFitEver(queued, seeker)) return true;
  }
  return false;
}

/** What tasks on the live edge ask for. */
async function filesOf(
  ledger: Ledger,
  states: LiveState[],
): Promise<{ file: QueuedFile; state: LiveState }[]> {
  const files: { file: QueuedFile; state: LiveState }[] = [];
  const specs = await specBlobs(ledger, states.map(({ task_id }) => task_id));
  for (const state of states) {
    const queued = ledger.main.queue.get(state.task_id);
    // The file may have been taken out or changed since: what was claimed is what counts.
    const isAsClaimed = queued !== undefined && queued.blob === specs.get(state.task_id);
    const file = isAsClaimed ? queued : await readSpec(ledger, state.task_id);
    files.push({ file: file ?? missingSpec(state.task_id), state });
  }
  return files;
}

/** Stands for the spec of a claimed task that somebody has taken away. */
function missingSpec(task_id: string): QueuedFile {
  return { task_id, path: "", blob: "", bytes: 0, content: { problem: "its spec is missing" } };
}
