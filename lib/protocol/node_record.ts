/**
 * A node's record: who works here (DESIGN.md section 2). The same record stands in `nodes/` on the
 * branch and, with the latest sign of life, in the node's ref.
 *
 * @module
 */
import { z } from "zod";
import { isNodeId } from "./identity.ts";
import type { Parsed } from "./problem.ts";
import { decodeRecord } from "./record.ts";

/**
 * What a node says of itself. `joining`: a process asks whether another one works under this name.
 */
export const NODE_STATUSES = ["joining", "online", "draining", "offline"] as const;

const nodeRecordSchema = z.object({
  version: z.literal(1),
  node_id: z.string().refine(isNodeId),
  status: z.enum(NODE_STATUSES),
  /** Tells the processes that ever used this name apart; those that share a `--home` share it. */
  instance: z.string().optional(),
  /** While it lives, it answers a `joining` within this time. */
  looks_every_seconds: z.number().optional(),
  machine: z.object({
    hostname: z.string(),
    os: z.string(),
    arch: z.string(),
    cpus: z.number(),
    memory_mb: z.number(),
  }),
  labels: z.record(z.string(), z.string()),
  /** What it can run: `script`, `module`. */
  runs: z.array(z.string()),
  parallel: z.int(),
  running: z.array(z.string()),
  public_key: z.string().optional(),
  dgrid_version: z.string(),
  started_at: z.string(),
  last_seen: z.string(),
});
export type NodeRecord = z.infer<typeof nodeRecordSchema>;

/** Reads a node's record. */
export function decodeNodeRecord(bytes: Uint8Array): Parsed<NodeRecord> {
  return decodeRecord(nodeRecordSchema, bytes);
}
