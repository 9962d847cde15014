/**
 * Finding out whether ids are taken, by the names in trees: contents are read only where a name does
 * not tell the id.
 *
 * @module
 */
import { shardOf } from "../protocol/identity.ts";
import {
  isQueueFolder,
  parseQueuePath,
  QUEUE_FOLDER,
  resultPaths,
  SHARD_PATHS,
} from "../protocol/layout.ts";
import { MAX_TASK_BYTES } from "../protocol/task.ts";
import type { Glance, Ledger } from "./ledger.ts";
import { readFile } from "./queue_file.ts";
import { readInBatches } from "./read_in_batches.ts";
import type { StoreEntry } from "./store.ts";

/** An id that is taken, and the path or place of what has it. */
export interface Known {
  task_id: string;
  where: string;
}

/** The first of some ids that a task has already, whether it is queued, running or settled. */
export async function findKnown(
  ledger: Ledger,
  seen: Glance,
  taskIds: string[],
): Promise<Known | undefined> {
  const settled = await ledger.store.find(seen.commit, taskIds.flatMap(resultPaths));
  const queued = await queuedPaths(ledger, seen);
  const live = await liveAmong(ledger, seen, taskIds);
  for (const task_id of taskIds) {
    const where = resultPaths(task_id).find((path) => settled.has(path)) ??
      queued.get(task_id) ?? (live.has(task_id) ? "the live edge" : undefined);
    if (where !== undefined) return { task_id, where };
  }
  return undefined;
}

/** Where the queue has what, by id: of several files, one. */
async function queuedPaths(ledger: Ledger, seen: Glance): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  const unnamed: StoreEntry[] = [];
  for (const entry of await ledger.store.list(seen.commit, QUEUE_FOLDER, isQueueFolder)) {
    const place = parseQueuePath(entry.path);
    if (place?.stem !== undefined) paths.set(place.stem, entry.path);
    // A file of the first version can have any name, and says its id itself.
    if (place !== undefined && place.folder === undefined && entry.kind === "file") {
      unnamed.push(entry);
    }
  }
  for (const [id, path] of await idsWithin(ledger, seen, unnamed)) paths.set(id, path);
  return paths;
}

async function idsWithin(
  { store }: Ledger,
  { settings }: Glance,
  files: StoreEntry[],
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  const byOid = Map.groupBy(files, ({ oid }) => oid);
  for await (const contents of readInBatches(store, [...byOid.keys()], MAX_TASK_BYTES)) {
    for (const [oid, content] of contents) {
      for (const entry of byOid.get(oid)!) {
        const file = readFile(entry, content, settings);
        if ("task_id" in file) ids.set(file.task_id, file.path);
      }
    }
  }
  return ids;
}

/** Those that have an entry on the live edge, readable or not. */
async function liveAmong(
  { store, names }: Ledger,
  { refs }: Glance,
  taskIds: string[],
): Promise<Set<string>> {
  const live = new Set<string>();
  for (const [shard, ids] of Map.groupBy(taskIds, shardOf)) {
    const tip = refs.get(names.shard(shard));
    if (tip === undefined) continue;
    const found = await store.find(tip, ids.map(SHARD_PATHS.task));
    for (const id of ids) if (found.has(SHARD_PATHS.task(id))) live.add(id);
  }
  return live;
}
