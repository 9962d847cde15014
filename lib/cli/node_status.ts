/**
 * How a node is doing, as far as somebody can tell who looks once.
 *
 * @module
 */
import type { NodeRecord } from "../protocol/node_record.ts";
import { spanInWords } from "../report/span.ts";
import { IDLE_BEAT_MS, latestBeatMs } from "../scheduling/lease.ts";

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
  return running.length > 0 ? leases : Math.max(leases, 2 * latestBeatMs(IDLE_BEAT_MS, false));
}

/** How long ago an instant was, in words. */
export function ageOf(instant: string, nowMs: number): string {
  return spanInWords(nowMs - Date.parse(instant));
}
