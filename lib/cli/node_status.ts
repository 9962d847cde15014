/**
 * How a node is doing, as far as somebody can tell who looks once.
 *
 * @module
 */
import type { NodeRecord } from "../protocol/node_record.ts";
import { IDLE_BEAT_MS } from "../scheduling/lease.ts";

export type NodeStatus = NodeRecord["status"] | "silent";

/**
 * A node's status. One that looks once has seen no heartbeat itself, so it has to compare the
 * node's clock with its own, and gives a wide margin.
 *
 * @param nowMs since the epoch
 */
export function nodeStatus(node: NodeRecord, leaseSeconds: number, nowMs: number): NodeStatus {
  if (node.status === "offline") return "offline";
  const silentMs = nowMs - Date.parse(node.last_seen);
  return silentMs > silenceMs(node, leaseSeconds) ? "silent" : node.status;
}

/** Three leases; a node that runs nothing may also miss one of its rarer signs of life. */
function silenceMs({ running }: NodeRecord, leaseSeconds: number): number {
  const leases = 3 * leaseSeconds * 1000;
  return running.length > 0 ? leases : Math.max(leases, 2 * IDLE_BEAT_MS);
}

/** How long ago an instant was: `12 s`, `3 min`, `5 h`, `2 d`. */
export function ageOf(instant: string, nowMs: number): string {
  const seconds = Math.max(Math.round((nowMs - Date.parse(instant)) / 1000), 0);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
