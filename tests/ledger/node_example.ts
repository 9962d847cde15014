import type { NodeRecord } from "../../lib/protocol/node_record.ts";

/** What a node says of itself, with something changed. */
export function nodeRecord(node_id: string, more: Partial<NodeRecord> = {}): NodeRecord {
  return {
    version: 1,
    node_id,
    status: "online",
    machine: { hostname: "host", os: "linux", arch: "x86_64", cpus: 1, memory_mb: 1 },
    labels: {},
    runs: ["module"],
    parallel: 1,
    running: [],
    dgrid_version: "0",
    started_at: "2026-01-01T00:00:00Z",
    last_seen: "2026-01-01T00:00:00Z",
    ...more,
  };
}
