/**
 * `dgrid nodes`: who works here.
 *
 * @module
 */
import { listNodes } from "../ledger/nodes.ts";
import type { NodeRecord } from "../protocol/node_record.ts";
import type { Command } from "./context.ts";
import { ageOf, nodeStatus } from "./node_status.ts";
import { openGrid } from "./open_grid.ts";
import { inOneLine } from "./printable.ts";
import { table } from "./table.ts";

const HEADING = ["NODE", "STATUS", "SEEN", "TASKS", "RUNS", "LABELS", "MACHINE"];

export const nodes: Command = {
  summary: "list who works here",
  operands: "",
  takes: { least: 0, most: 0 },
  details: [
    "A node that has not been seen for three leases is called silent; one that runs nothing, after ten",
    "minutes at the earliest. SEEN is by that node's clock.",
  ],
  async run(context) {
    const { options, terminal } = context;
    await using grid = await openGrid(context);
    await grid.ledger.refresh();
    const found = await listNodes(grid.ledger);
    const lease = grid.ledger.main.settings.lease_seconds;
    const now = Date.now();
    if (options.json) {
      const described = found.map((node) => ({ ...node, status: nodeStatus(node, lease, now) }));
      return terminal.printJson(described);
    }
    if (found.length === 0) return terminal.tell("no node has joined yet; start one: dgrid worker");
    const rows = found.map((node) => rowOf(node, nodeStatus(node, lease, now), now));
    terminal.print(table([HEADING, ...rows], terminal.columns));
  },
};

function rowOf(node: NodeRecord, status: string, now: number): string[] {
  const { hostname, os, arch, cpus, memory_mb } = node.machine;
  const labels = Object.entries(node.labels).map(([key, value]) => `${key}=${value}`).join(" ");
  return [
    node.node_id,
    status,
    `${ageOf(node.last_seen, now)} ago`,
    `${node.running.length}/${node.parallel}`,
    node.runs.join(" "),
    labels || "-",
    `${hostname} ${os} ${arch} ${cpus} cpus ${memory_mb} MB`,
  ].map(inOneLine);
}
