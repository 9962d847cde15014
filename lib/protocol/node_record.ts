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

const nodeRecordSchema = z.object({
  version: z.literal(1),
  node_id: z.string().refine(isNodeId),
  status: z.enum(["online", "draining", "offline"]),
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
