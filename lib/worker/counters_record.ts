/**
 * Where a worker leaves what it has counted, for others on the same machine: a file for each node,
 * below `<home>/counters/`. Beside it, a lock tells whether the node is at work: the file of one that
 * was killed stays behind.
 *
 * The lock is not that of the node's name, which a starting worker tries only once: whoever looks
 * here takes it for a moment, and a worker waits for that moment to pass.
 *
 * @module
 */
import { join } from "@std/path";
import { z } from "zod";
import type { GitCounts } from "../git/git_counters.ts";
import type { Parsed } from "../protocol/problem.ts";
import { decodeRecord, encodeRecord } from "../protocol/record.ts";
import { gridKey } from "./shelf.ts";
import type { WorkerCounts } from "./worker_counters.ts";

/** Everything that a worker counts. */
export type Counts = WorkerCounts & { git: GitCounts };

/** A node's counters at a moment. */
export interface CountersRecord {
  /** When it was so, by this machine's clock. */
  counted_at: string;
  /** What a worker of another version counts may differ. */
  counters: Partial<Counts>;
}

const recordSchema = z.object({
  version: z.literal(1),
  counted_at: z.iso.datetime(),
  counters: z.record(z.string(), z.unknown()),
});

/** Where the nodes that work on a branch of a repository leave what they have counted. */
export function countersFolder(home: string, grid: { url: string; branch: string }): string {
  return join(home, "counters", gridKey(grid));
}

const ENDING = ".json";

/** The file of a node. */
export function recordPath(folder: string, nodeId: string): string {
  return join(folder, nodeId + ENDING);
}

/** The lock that a node holds while it is at work. */
export function lockPath(folder: string, nodeId: string): string {
  return join(folder, `${nodeId}.lock`);
}

/** The node whose record a file is, by its name; undefined for any other file. */
export function nodeOf(fileName: string): string | undefined {
  return fileName.endsWith(ENDING) ? fileName.slice(0, -ENDING.length) : undefined;
}

export function encodeCounters(record: CountersRecord): Uint8Array<ArrayBuffer> {
  return encodeRecord({ version: 1, ...record });
}

export function decodeCounters(bytes: Uint8Array): Parsed<CountersRecord> {
  const record = decodeRecord(recordSchema, bytes);
  if (!record.ok) return record;
  const { version: _, ...value } = record.value;
  return { ok: true, value };
}
