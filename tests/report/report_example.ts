/**
 * What explanations are made of, each whole and valid, to be changed in one place.
 *
 * @module
 */
import type { TaskSummary } from "../../lib/ledger/main_view.ts";
import { summaryOf } from "../../lib/ledger/queue_file.ts";
import type { NodeRecord } from "../../lib/protocol/node_record.ts";
import type { NodeView } from "../../lib/report/node_view.ts";
import { makeTask } from "../support/memory_grid.ts";

export const NOW = new Date("2026-01-02T03:10:00.000Z");

/** The summary of a task; of a module where nothing is said. */
export function summary(task_id: string, more: Record<string, unknown> = {}): TaskSummary {
  return summaryOf(makeTask(task_id, more));
}

export function script(task_id: string, more: Record<string, unknown> = {}): TaskSummary {
  return summary(task_id, { module: undefined, script: "true", ...more });
}

/** A node that runs everything and does nothing; seen 12 s ago. */
export function node(
  node_id: string,
  more: Partial<NodeRecord> = {},
  status: NodeView["status"] = "online",
): NodeView {
  const record: NodeRecord = {
    version: 1,
    node_id,
    status: status === "silent" ? "online" : status,
    machine: { hostname: "h", os: "linux", arch: "x86_64", cpus: 4, memory_mb: 4096 },
    labels: {},
    runs: ["script", "module"],
    parallel: 2,
    running: [],
    dgrid_version: "0.1.0",
    started_at: "2026-01-02T03:00:00.000Z",
    last_seen: "2026-01-02T03:09:48.000Z",
    ...more,
  };
  return { record, status };
}
