/**
 * What the tip of a shard says: the live states of its tasks, and how far it has been settled.
 *
 * @module
 */
import { SHARD_PATHS } from "../protocol/layout.ts";
import { decodeLiveState, type LiveState } from "../protocol/live_state.ts";
import { describeProblems } from "../protocol/problem.ts";
import { type Oid, type Store, type StoreEntry, type TooLarge, wholeContent } from "./store.ts";

/** An entry is a few hundred bytes and grows by up to 300 with each of at most 200 attempts. */
export const MAX_STATE_BYTES = 131_072;

export interface ShardView {
  /** The tip; undefined where the shard does not exist yet. */
  tip?: Oid;
  /** The commit of the branch up to which the shard is settled; undefined where it never was. */
  settled?: Oid;
  /** By task id. */
  tasks: Map<string, ShardEntry>;
  /** Entries that break the format, by the task id in their path, with the reason. */
  broken: Map<string, string>;
}

export interface ShardEntry {
  /** The content that the state was read from; undefined for what this process wrote itself. */
  blob?: Oid;
  state: LiveState;
}

/** A shard that nobody has written to. */
export const EMPTY_SHARD: ShardView = { tasks: new Map(), broken: new Map() };

/** A shard to read again: its tip now, and what was known of it. */
export interface MovedShard {
  shard: string;
  tip: Oid;
  before: ShardView;
}

/**
 * Reads the tips of shards; contents that are new are read in one request. What breaks the format
 * is kept apart: nobody may guess what it was meant to say, and nothing else suffers from it.
 *
 * @returns the views by shard
 */
export async function readShards(
  store: Store,
  moved: MovedShard[],
): Promise<Map<string, ShardView>> {
  const listed = await Promise.all(moved.map((shard) => listShard(store, shard)));
  const fresh = listed.flatMap(({ fresh }) => fresh);
  const contents = await store.read(fresh, MAX_STATE_BYTES);
  return new Map(
    listed.map((shard): [string, ShardView] => [shard.shard, viewOf(shard, contents)]),
  );
}

/** The names and objects on a shard's tip. */
interface ListedShard extends MovedShard {
  entries: StoreEntry[];
  mark?: StoreEntry;
  results: ReadonlySet<string>;
  known: Map<Oid | undefined, LiveState>;
  /** What has to be read. */
  fresh: Oid[];
}

async function listShard(store: Store, shard: MovedShard): Promise<ListedShard> {
  const { tip, before } = shard;
  const entries = await store.list(tip, SHARD_PATHS.tasks);
  const mark = (await store.find(tip, [SHARD_PATHS.settled])).get(SHARD_PATHS.settled);
  const results = new Set((await store.list(tip, SHARD_PATHS.results)).map(({ path }) => path));
  const known = new Map([...before.tasks.values()].map(({ blob, state }) => [blob, state]));
  const files = [...entries, ...(mark ? [mark] : [])].filter(({ kind }) => kind === "file");
  const fresh = files.map(({ oid }) => oid).filter((oid) => !known.has(oid));
  return { ...shard, entries, mark, results, known, fresh };
}

function viewOf(shard: ListedShard, contents: Map<Oid, Uint8Array | TooLarge>): ShardView {
  const { tip, entries, mark, known } = shard;
  const view: ShardView = { tip, tasks: new Map(), broken: new Map() };
  for (const entry of entries) {
    const state = known.get(entry.oid) ?? stateIn(entry, wholeContent(contents.get(entry.oid)));
    const problem = typeof state === "string" ? state : problemOf(shard, state);
    const id = entry.path.slice(SHARD_PATHS.tasks.length + 1).replace(/\.json$/, "");
    if (problem !== undefined) view.broken.set(id, problem);
    else if (typeof state !== "string") view.tasks.set(id, { blob: entry.oid, state });
  }
  const settled = mark && wholeContent(contents.get(mark.oid));
  if (mark) view.settled = settled ? new TextDecoder().decode(settled).trim() : "unreadable";
  return view;
}

/** The state in an entry, or why it cannot be understood. */
function stateIn({ path, kind }: StoreEntry, content: Uint8Array | undefined): LiveState | string {
  if (content === undefined) return kind === "file" ? "it is too large" : `it is a ${kind}`;
  const state = decodeLiveState(content);
  if (!state.ok) return describeProblems(state.problems);
  return SHARD_PATHS.task(state.value.task_id) === path ? state.value : "it is another task's";
}

/** Whether a finished task has the result that settling moves. */
function problemOf({ results }: ListedShard, { status, task_id }: LiveState): string | undefined {
  const isWhole = status !== "finished" || results.has(SHARD_PATHS.result(task_id));
  return isWhole ? undefined : "it is finished and has no result";
}
