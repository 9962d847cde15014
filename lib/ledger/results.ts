/**
 * Finding a task's result, wherever it is.
 *
 * @module
 */
import { shardOf } from "../protocol/identity.ts";
import { resultPaths, SHARD_PATHS } from "../protocol/layout.ts";
import { describeProblems } from "../protocol/problem.ts";
import { decodeResult, type Result } from "../protocol/result.ts";
import type { Ledger } from "./ledger.ts";
import { noPlainFile } from "./queue_file.ts";
import { type StoreEntry, type TooLarge, wholeContent } from "./store.ts";

/**
 * A result holds two streams of 1 MiB each, which JSON may write six times as long, an output of 1 MiB
 * and a task of 1 MiB, which `encodeRecord` may write five times as long.
 */
export const MAX_RESULT_BYTES = 24 * 1_048_576;

/** Where a task stands: with its result once it is finished, settled or not. */
export type Standing =
  | { where: "settled" | "finished"; result: Result }
  | { where: "claimed" | "retrying" | "cancelling"; node_id: string; attempt: number }
  | { where: "queued" }
  | { where: "unknown" };

/** Where tasks stand, as last seen. Contents are read in one request. */
export async function standingsOf(
  ledger: Ledger,
  taskIds: string[],
): Promise<Map<string, Standing>> {
  const places = await resultPlaces(ledger, taskIds);
  const files = [...places.values()].filter(({ kind }) => kind === "file");
  const contents = await ledger.store.read(files.map(({ oid }) => oid), MAX_RESULT_BYTES);
  return new Map(taskIds.map((id): [string, Standing] => {
    const place = places.get(id);
    if (place === undefined) return [id, unfinished(ledger, id)];
    const result = resultIn(place, contents.get(place.oid));
    return [id, { where: place.settled ? "settled" : "finished", result }];
  }));
}

/** Which tasks have a result on the branch, as last seen. */
export async function settledAmong(ledger: Ledger, taskIds: string[]): Promise<Set<string>> {
  if (taskIds.length === 0) return new Set();
  const found = await ledger.store.find(ledger.main.commit, taskIds.flatMap(resultPaths));
  return new Set(taskIds.filter((id) => resultPaths(id).some((path) => found.has(path))));
}

type ResultPlace = StoreEntry & { settled: boolean };

async function resultPlaces(
  ledger: Ledger,
  taskIds: string[],
): Promise<Map<string, ResultPlace>> {
  const { store, main } = ledger;
  const settled = await store.find(main.commit, taskIds.flatMap(resultPaths));
  const places = new Map<string, ResultPlace>();
  for (const id of taskIds) {
    const entry = resultPaths(id).map((path) => settled.get(path)).find((found) => found);
    if (entry) places.set(id, { ...entry, settled: true });
  }
  for (const id of taskIds.filter((id) => !places.has(id))) {
    if (ledger.stateOf(id)?.status !== "finished") continue;
    const path = SHARD_PATHS.result(id);
    const entry = (await store.find(ledger.shard(shardOf(id)).tip!, [path])).get(path);
    if (entry) places.set(id, { ...entry, settled: false });
  }
  return places;
}

function unfinished(ledger: Ledger, taskId: string): Standing {
  const state = ledger.stateOf(taskId);
  if (state !== undefined && state.status !== "finished") {
    return { where: state.status, node_id: state.node_id, attempt: state.attempt };
  }
  return { where: ledger.main.pathsOf.has(taskId) ? "queued" : "unknown" };
}

function resultIn(
  { path, kind }: ResultPlace,
  content: Uint8Array | TooLarge | undefined,
): Result {
  const result = wholeContent(content) && decodeResult(wholeContent(content)!);
  if (result?.ok) return result.value;
  const what = kind === "file" ? "it is too large" : noPlainFile(kind);
  throw new Error(`reading ${path}: ${result ? describeProblems(result.problems) : what}`);
}
