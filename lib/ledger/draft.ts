/**
 * What a set of events amounts to on the shards that they belong to, before anybody is asked.
 *
 * @module
 */
import { shardOf } from "../protocol/identity.ts";
import { SHARD_PATHS } from "../protocol/layout.ts";
import { finalStatusOf, type LiveState } from "../protocol/live_state.ts";
import { encodeRecord } from "../protocol/record.ts";
import type { TaskEvent } from "../protocol/event.ts";
import { buildResult, type Execution, notRun } from "../protocol/result.ts";
import type { Task } from "../protocol/task.ts";
import { type Refusal, transition, wasApplied } from "../protocol/transition.ts";
import type { Ledger } from "./ledger.ts";
import { readTask } from "./specs.ts";
import type { ShardEntry, ShardView } from "./shard_view.ts";
import type { Change, Oid } from "./store.ts";

/** An event, and what has to be kept with it. */
export interface Saying {
  event: TaskEvent;
  /** With a claim, a cancel or a reject: the file in the queue that it is about. A claim keeps it. */
  spec?: Oid;
  /** How it went; where nothing is given, nothing was run to its end. */
  execution?: Execution;
  /** The task as claimed; where it is not given, it is read when it ends. */
  task?: Task;
}

/** What became of a saying. */
export type Heard =
  | { heard: true; state: LiveState }
  | { heard: false; refusal: Refusal }
  /**
   * It could not be said: the server refuses this very saying, its turn is yet to come, or others were
   * faster each time.
   */
  | { heard: false; refusal?: undefined; isRefused: boolean; isWaiting: boolean; words: string };

/** The change of one shard that a set of sayings amounts to. */
export interface Draft {
  shard: string;
  before: ShardView;
  /** The entries after it. */
  tasks: Map<string, ShardEntry>;
  changes: Change[];
  accepted: Map<Saying, LiveState>;
}

/**
 * Applies sayings to the shards as they were last seen. What is refused, or was applied before, is
 * noted in `heard`.
 */
export async function draftShards(
  ledger: Ledger,
  sayings: Saying[],
  heard: Map<Saying, Heard>,
): Promise<Draft[]> {
  const drafts: Draft[] = [];
  for (const [shard, own] of Map.groupBy(sayings, ({ event }) => shardOf(event.task_id))) {
    const mayClaim = !own.some(startsFresh) || await ledger.reachesSettledMark(shard);
    const draft = await draftShard(ledger, shard, own, mayClaim, heard);
    if (draft.accepted.size > 0) drafts.push(draft);
  }
  return drafts;
}

/** Whether an event can be the first on a task, so that it must still be in the queue. */
function startsFresh({ event }: Saying): boolean {
  return event.kind === "claim" || event.kind === "reject" || event.kind === "cancel";
}

async function draftShard(
  ledger: Ledger,
  shard: string,
  sayings: Saying[],
  mayClaim: boolean,
  heard: Map<Saying, Heard>,
): Promise<Draft> {
  const before = ledger.shard(shard);
  const draft: Draft = {
    shard,
    before,
    tasks: new Map(before.tasks),
    changes: [],
    accepted: new Map(),
  };
  for (const saying of sayings) {
    const { event } = saying;
    const state = draft.tasks.get(event.task_id)?.state;
    if (state !== undefined && wasApplied(state, event)) {
      // The answer to an earlier push was lost, but it took effect.
      heard.set(saying, { heard: true, state });
      continue;
    }
    const outcome = unreadable(before, event.task_id) ??
      gone(ledger, state, saying, mayClaim) ?? transition(state, event);
    if (!outcome.ok) {
      heard.set(saying, { heard: false, refusal: outcome });
      continue;
    }
    draft.tasks.set(event.task_id, { state: outcome.next });
    draft.changes.push(...await changesOf(ledger, saying, outcome.next));
    draft.accepted.set(saying, outcome.next);
  }
  return draft;
}

/** The refusal of every event on an entry that nobody can understand. */
function unreadable({ broken }: ShardView, task_id: string): Refusal | undefined {
  if (!broken.has(task_id)) return undefined;
  return { ok: false, code: "blocked", reason: `${task_id}: its entry cannot be read` };
}

/** The refusal of a claim on a task that is not, or may not be, in the queue any more. */
function gone(
  ledger: Ledger,
  state: LiveState | undefined,
  saying: Saying,
  mayClaim: boolean,
): Refusal | undefined {
  if (!startsFresh(saying) || state !== undefined) return undefined;
  const { task_id } = saying.event;
  const file = ledger.main.queue.get(task_id);
  if (mayClaim && file !== undefined && file.blob === saying.spec) return undefined;
  const reason = !mayClaim
    ? "the branch does not reach the settled mark"
    : file === undefined
    ? "it is not in the queue"
    : "its file in the queue is another by now";
  return { ok: false, code: mayClaim ? "finished" : "blocked", reason: `${task_id}: ${reason}` };
}

async function changesOf(ledger: Ledger, saying: Saying, state: LiveState): Promise<Change[]> {
  const { task_id } = state;
  const { event, spec } = saying;
  const changes: Change[] = [{ path: SHARD_PATHS.task(task_id), bytes: encodeRecord(state) }];
  if (event.kind === "claim" && spec !== undefined) {
    changes.push({ path: SHARD_PATHS.spec(task_id), blob: spec });
  }
  if (state.status === "finished") {
    const task = saying.task ?? await claimedTask(ledger, saying);
    const execution = saying.execution ?? notRun(finalStatusOf(state), ending(event, state));
    const bytes = encodeRecord(buildResult(state, execution, task));
    changes.push({ path: SHARD_PATHS.result(task_id), bytes });
  }
  return changes;
}

/** The task that ends; undefined where its file is none. */
async function claimedTask(ledger: Ledger, { event, spec }: Saying): Promise<Task | undefined> {
  const { task_id } = event;
  const isOnlyQueued = spec !== undefined;
  const file = ledger.main.queue.get(task_id);
  const isNone = isOnlyQueued && (file === undefined || "problem" in file.content);
  return isNone ? undefined : await readTask(ledger, task_id, spec);
}

/** Why a task ended that was not run to its end. */
function ending(event: TaskEvent, { attempts }: LiveState): string {
  if (event.kind !== "expire") return "it was cancelled";
  const { outcome, node_id } = attempts.at(-1)!;
  if (outcome === "cancelled") return `it was cancelled, and its owner ${node_id} was lost`;
  const owners = attempts.filter(({ outcome }) => outcome === "lost").map(({ node_id }) => node_id);
  return `given up after ${owners.length} owners that gave no sign of life for a lease: ${
    owners.join(", ")
  }`;
}
