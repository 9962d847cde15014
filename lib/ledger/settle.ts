/**
 * Settling: what is finished on some shards is folded into the branch and taken out of those
 * shards, in one atomic push. Anybody may settle. Results are placed by their id; their content
 * need not be here.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { resultPath, resultPaths, SHARD_PATHS } from "../protocol/layout.ts";
import { finalStatusOf, type LiveState } from "../protocol/live_state.ts";
import { backoff } from "./backoff.ts";
import { signedBy } from "./commit_order.ts";
import type { Ledger, ShardChoice } from "./ledger.ts";
import { swapRefs } from "./swap_refs.ts";
import type { ShardView } from "./shard_view.ts";
import type { Change, CommitOrder, Oid, RefChange } from "./store.ts";

const log = getLogger(["dgrid", "ledger"]);

/** One commit takes at most this many results, so that the push stays short. */
const MAX_RESULTS = 5_000;
/** After so many lost races in a row, somebody else is settling well enough. */
const MAX_TRIES = 12;

/** A shard with something to settle. */
interface Load {
  shard: string;
  view: ShardView;
  finished: LiveState[];
}

/** How a settlement went: so many results, or why none: somebody was faster, or it was refused. */
export type Settlement =
  | { settled: number }
  | { settled: undefined; why: "lost" | "refused"; words: string };

/** How many tasks are finished and not settled on some shards, as last seen; by default on all. */
export function countFinished(ledger: Ledger, isChosen: ShardChoice = () => true): number {
  return takeLoads(ledger, isChosen, Infinity)
    .reduce((sum, { finished }) => sum + finished.length, 0);
}

/**
 * Settles what is finished on some shards as last seen. It wins only if none of them moves meanwhile.
 *
 * @param more is changed on the branch in the same commit
 */
export async function settleSome(
  ledger: Ledger,
  isChosen: ShardChoice = () => true,
  more: Change[] = [],
): Promise<Settlement> {
  return await settleLoads(ledger, takeLoads(ledger, isChosen), more);
}

/**
 * Settles until nothing finished is left on the live edge, looking again after each lost race.
 *
 * @returns how many results this process settled
 * @throws {Error} when it lost too often, or the server refuses
 */
export async function settleAll(ledger: Ledger): Promise<number> {
  let settled = 0;
  for (let tries = 1; countFinished(ledger) > 0;) {
    await ledger.gate.come();
    const settlement = await settleLoads(ledger, takeLoads(ledger));
    if (settlement.settled !== undefined) {
      settled += settlement.settled;
      tries = 1;
      continue;
    }
    if (tries > MAX_TRIES) {
      throw new Error(`settling: tried ${MAX_TRIES} times in vain: ${settlement.words}`);
    }
    await backoff(ledger.writer, tries++);
    await ledger.refresh();
  }
  return settled;
}

async function settleLoads(
  ledger: Ledger,
  loads: Load[],
  more: Change[] = [],
): Promise<Settlement> {
  if (loads.length + more.length === 0) return { settled: 0 };
  const { commits, changes } = await writeSettlement(ledger, loads, more);
  const outcomes = [...(await swapRefs(ledger, changes, { atomic: true })).values()];
  const failed = outcomes.find((outcome) => !outcome.done);
  if (failed?.done === false) return { settled: undefined, why: failed.why, words: failed.words };
  await noteSettlement(ledger, loads, commits);
  return { settled: loads.reduce((sum, { finished }) => sum + finished.length, 0) };
}

function takeLoads(
  ledger: Ledger,
  isChosen: ShardChoice = () => true,
  most: number = MAX_RESULTS,
): Load[] {
  let room = most;
  // Of what has moved since it was read, nothing can be taken.
  const isTaken = ([shard]: [string, ShardView]) => ledger.isCurrent(shard) && isChosen(shard);
  return [...ledger.shards].filter(isTaken).flatMap(([shard, view]) => {
    const finished = [...view.tasks.values()].map(({ state }) => state)
      .filter(({ status }) => status === "finished").slice(0, room);
    room -= finished.length;
    return finished.length === 0 ? [] : [{ shard, view, finished }];
  });
}

async function writeSettlement(
  ledger: Ledger,
  loads: Load[],
  more: Change[],
): Promise<{ commits: Oid[]; changes: RefChange[] }> {
  const { store, names } = ledger;
  const parent = ledger.main.commit;
  const order = await branchOrder(ledger, loads, more);
  return await store.write(async (writer) => {
    const main = await writer.commit(order);
    const commits = [main];
    for (const load of loads) commits.push(await writer.commit(shardOrder(ledger, load, main)));
    const shards = loads.map(({ shard, view }, index) => ({
      ref: names.shard(shard),
      expected: view.tip,
      next: commits[index + 1],
    }));
    return { commits, changes: [{ ref: names.branch, expected: parent, next: main }, ...shards] };
  });
}

async function branchOrder(
  ledger: Ledger,
  loads: Load[],
  more: Change[],
): Promise<CommitOrder> {
  const { writer, main } = ledger;
  const parent = main.commit;
  const ids = loads.flatMap(({ finished }) => finished.map(({ task_id }) => task_id));
  const there = await ledger.store.find(parent, ids.flatMap(resultPaths));
  const results = loads.flatMap(({ view, finished }) =>
    finished.flatMap((state) => resultChanges(ledger, view.tip!, state, there))
  );
  const leftovers = main.leftovers.map((path): Change => ({ path, remove: true }));
  const deeds = [
    ...ids.length > 0 ? [`settle ${counted(ids.length)}`] : [],
    ...more.length > 0 ? [`record ${more.length === 1 ? "1 node" : `${more.length} nodes`}`] : [],
  ];
  const message = `${writer.name}: ${deeds.join(", ")}`;
  return signedBy(writer, message, [...results, ...leftovers, ...more], parent);
}

/**
 * A result takes its place, and everything in the queue under its id goes. Should there be a result
 * already, the first one stays: a task has one, whatever somebody did to the branch.
 */
function resultChanges(
  ledger: Ledger,
  tip: Oid,
  state: LiveState,
  there: ReadonlyMap<string, unknown>,
): Change[] {
  const { task_id } = state;
  const path = resultPath(task_id, finalStatusOf(state));
  const queued = ledger.main.pathsOf.get(task_id) ?? [];
  const gone = queued.map((path): Change => ({ path, remove: true }));
  const first = resultPaths(task_id).find((path) => there.has(path));
  if (first !== undefined) {
    log.error("{task}: a second result is dropped, {first} stays", { task: task_id, first });
    return gone;
  }
  return [{ path, copyOf: { commit: tip, path: SHARD_PATHS.result(task_id) } }, ...gone];
}

function shardOrder({ writer }: Ledger, { view, finished }: Load, main: Oid): CommitOrder {
  const gone = finished.flatMap(({ task_id }) =>
    [SHARD_PATHS.task(task_id), SHARD_PATHS.spec(task_id), SHARD_PATHS.result(task_id)]
      .map((path): Change => ({ path, remove: true }))
  );
  const mark: Change = { path: SHARD_PATHS.settled, bytes: new TextEncoder().encode(`${main}\n`) };
  const message = `${writer.name}: settled ${counted(finished.length)}`;
  return signedBy(writer, message, [...gone, mark], view.tip);
}

/** `1 result`, `12 results`. */
export function counted(count: number): string {
  return count === 1 ? "1 result" : `${count} results`;
}

async function noteSettlement(ledger: Ledger, loads: Load[], commits: Oid[]): Promise<void> {
  loads.forEach(({ shard, view, finished }, index) => {
    const tasks = new Map(view.tasks);
    for (const { task_id } of finished) tasks.delete(task_id);
    ledger.noteShard(shard, { ...view, tip: commits[index + 1], settled: commits[0], tasks });
  });
  await ledger.noteMain(commits[0]);
}
