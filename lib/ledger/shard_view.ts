/**
 * What the tip of a shard says: the live states of its tasks, and how far it has been settled.
 *
 * @module
 */
import { SHARD_PATHS } from "../protocol/layout.ts";
import { decodeLiveState, type LiveState } from "../protocol/live_state.ts";
import { describeProblems } from "../protocol/problem.ts";
import { type Oid, type Store, type StoreEntry, type TooLarge, wholeContent } from "./store.ts";

/** An entry is a few hundred bytes and grows by about 150 with each attempt. */
const MAX_STATE_BYTES = 65_536;

export interface ShardView {
  /** The tip; undefined where the shard does not exist yet. */
  tip?: Oid;
  /** The commit of the branch up to which the shard is settled; undefined where it never was. */
  settled?: Oid;
  /** By task id. */
  tasks: Map<string, ShardEntry>;
}

export interface ShardEntry {
  /** The content that the state was read from; undefined for what this process wrote itself. */
  blob?: Oid;
  state: LiveState;
}

/** A shard that nobody has written to. */
export const EMPTY_SHARD: ShardView = { tasks: new Map() };

/** An entry that breaks the format; no worker may guess what it was meant to say. */
export class BadLiveState extends Error {
  override name = "BadLiveState";
}

/** A shard to read again: its tip now, and what was known of it. */
export interface MovedShard {
  shard: string;
  tip: Oid;
  before: ShardView;
}

/**
 * Reads the tips of shards; contents that are new are read in one request.
 *
 * @returns the views by shard
 * @throws {BadLiveState} when an entry cannot be understood
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
  mark?: Oid;
  known: Map<Oid | undefined, LiveState>;
  /** What has to be read. */
  fresh: Oid[];
}

async function listShard(store: Store, shard: MovedShard): Promise<ListedShard> {
  const { tip, before } = shard;
  const entries = await store.list(tip, SHARD_PATHS.tasks);
  const mark = (await store.find(tip, [SHARD_PATHS.settled])).get(SHARD_PATHS.settled)?.oid;
  const known = new Map([...before.tasks.values()].map(({ blob, state }) => [blob, state]));
  const unknown = entries.filter(({ oid }) => !known.has(oid)).map(({ oid }) => oid);
  return { ...shard, entries, mark, known, fresh: mark ? [...unknown, mark] : unknown };
}

function viewOf(
  { tip, entries, mark, known }: ListedShard,
  contents: Map<Oid, Uint8Array | TooLarge>,
): ShardView {
  const tasks = new Map(entries.map(({ path, oid }): [string, ShardEntry] => {
    const state = known.get(oid) ?? stateIn(path, wholeContent(contents.get(oid)));
    return [state.task_id, { blob: oid, state }];
  }));
  const settled = mark && wholeContent(contents.get(mark));
  return { tip, settled: settled && new TextDecoder().decode(settled).trim(), tasks };
}

function stateIn(path: string, content: Uint8Array | undefined): LiveState {
  const state = content && decodeLiveState(content);
  if (state?.ok && SHARD_PATHS.task(state.value.task_id) === path) return state.value;
  const why = state?.ok === false ? describeProblems(state.problems) : "it is not what it says";
  throw new BadLiveState(`reading ${path} of the live edge: ${why}`);
}
