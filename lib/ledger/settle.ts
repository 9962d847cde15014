/**
 * Settling: what is finished on some shards is folded into the branch and taken out of those
 * shards, in one atomic push. Anybody may settle. Results are placed by their id; their content
 * need not be here.
 *
 * @module
 */
import { resultPath, resultPaths, SHARD_PATHS } from "../protocol/layout.ts";
import { finalStatusOf, type LiveState } from "../protocol/live_state.ts";
import { backoff } from "./backoff.ts";
import type { Ledger } from "./ledger.ts";
import type { ShardView } from "./shard_view.ts";
import type { Change, CommitOrder, Oid, RefChange } from "./store.ts";

/** One commit takes at most this many results, so that the push stays short. */
const MAX_RESULTS = 5_000;
/** After so many lost races in a row, somebody else is settling well enough. */
const MAX_TRIES = 8;

/** A shard with something to settle. */
interface Load {
  shard: string;
  view: ShardView;
  finished: LiveState[];
}

/** How many tasks are finished and not settled, as last seen. */
export function countFinished(ledger: Ledger): number {
  return [...ledger.states()].filter(({ status }) => status === "finished").length;
}

/**
 * Settles once what is finished as last seen.
 *
 * @param alongside further changes to the branch, in the same commit
 * @returns how many results were settled; undefined when somebody else was faster, so that the view
 * is old
 * @throws {Error} when the server refuses the push although nobody was faster
 */
export async function settleOnce(
  ledger: Ledger,
  alongside: Change[] = [],
): Promise<number | undefined> {
  const loads = takeLoads(ledger);
  const finished = loads.flatMap((load) => load.finished);
  if (finished.length === 0) return 0;
  const { commits, changes } = await writeSettlement(ledger, loads, alongside);
  const outcomes = [...(await ledger.store.swap(changes, { atomic: true })).values()];
  const refused = outcomes.find((outcome) => !outcome.done && outcome.why === "refused");
  if (refused?.done === false) throw new Error(`settling: the server refuses: ${refused.words}`);
  if (outcomes.some(({ done }) => !done)) return undefined;
  await noteSettlement(ledger, loads, commits);
  return finished.length;
}

/**
 * Settles until nothing finished is left on the live edge, looking again after each lost race.
 *
 * @returns how many results this process settled
 */
export async function settleAll(ledger: Ledger, alongside: Change[] = []): Promise<number> {
  let settled = 0;
  for (let tries = 1; countFinished(ledger) > 0;) {
    const count = await settleOnce(ledger, alongside);
    if (count !== undefined) {
      settled += count;
      continue;
    }
    if (tries > MAX_TRIES) throw new Error(`settling: lost ${MAX_TRIES} races in a row`);
    await backoff(ledger.writer, tries++);
    await ledger.refresh();
  }
  return settled;
}

function takeLoads(ledger: Ledger): Load[] {
  let room = MAX_RESULTS;
  return [...ledger.shards].flatMap(([shard, view]) => {
    const finished = [...view.tasks.values()].map(({ state }) => state)
      .filter(({ status }) => status === "finished").slice(0, room);
    room -= finished.length;
    return finished.length === 0 ? [] : [{ shard, view, finished }];
  });
}

async function writeSettlement(
  ledger: Ledger,
  loads: Load[],
  alongside: Change[],
): Promise<{ commits: Oid[]; changes: RefChange[] }> {
  const { store, names } = ledger;
  const parent = ledger.main.commit;
  return await store.write(async (writer) => {
    const main = await writer.commit(mainOrder(ledger, parent, loads, alongside));
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

function mainOrder(
  ledger: Ledger,
  parent: Oid,
  loads: Load[],
  alongside: Change[],
): CommitOrder {
  const results = loads.flatMap(({ view, finished }) =>
    finished.flatMap((state) => resultChanges(ledger, view.tip!, state))
  );
  const leftovers = ledger.main.leftovers.map((path): Change => ({ path, remove: true }));
  const count = loads.reduce((sum, { finished }) => sum + finished.length, 0);
  return order(ledger, parent, `settle ${counted(count)}`, [
    ...results,
    ...leftovers,
    ...alongside,
  ]);
}

/** A result takes its place, and everything in the queue under its id goes. */
function resultChanges(ledger: Ledger, tip: Oid, state: LiveState): Change[] {
  const { task_id } = state;
  const path = resultPath(task_id, finalStatusOf(state));
  const queued = ledger.main.pathsOf.get(task_id) ?? [];
  const elsewhere = resultPaths(task_id).filter((other) => other !== path);
  return [
    { path, copyOf: { commit: tip, path: SHARD_PATHS.result(task_id) } },
    ...[...queued, ...elsewhere].map((gone): Change => ({ path: gone, remove: true })),
  ];
}

function shardOrder(ledger: Ledger, { view, finished }: Load, main: Oid): CommitOrder {
  const gone = finished.flatMap(({ task_id }) =>
    [SHARD_PATHS.task(task_id), SHARD_PATHS.spec(task_id), SHARD_PATHS.result(task_id)]
      .map((path): Change => ({ path, remove: true }))
  );
  const mark: Change = { path: SHARD_PATHS.settled, bytes: new TextEncoder().encode(`${main}\n`) };
  return order(ledger, view.tip!, `settled ${counted(finished.length)}`, [...gone, mark]);
}

function order(ledger: Ledger, parent: Oid, what: string, changes: Change[]): CommitOrder {
  const { name, email, clock } = ledger.writer;
  const time = Math.floor(clock.now().getTime() / 1000);
  return { parent, message: `${name}: ${what}`, author: { name, email }, time, changes };
}

function counted(count: number): string {
  return count === 1 ? "1 result" : `${count} results`;
}

async function noteSettlement(ledger: Ledger, loads: Load[], commits: Oid[]): Promise<void> {
  loads.forEach(({ shard, view, finished }, index) => {
    const tasks = new Map(view.tasks);
    for (const { task_id } of finished) tasks.delete(task_id);
    ledger.noteShard(shard, { tip: commits[index + 1], settled: commits[0], tasks });
  });
  await ledger.noteMain(commits[0]);
}
