import type { NodeRecord } from "../protocol/node_record.ts";
import { type Offer, unfitness } from "../scheduling/eligibility.ts";
import type { Demand } from "../scheduling/eligibility.ts";

/** A node as somebody sees it who looks once. */
export interface NodeView {
  record: NodeRecord;
  /** What it says of itself, or that it has said nothing for too long. */
  status: NodeRecord["status"] | "silent";
}

/** Why a node could never run a task; undefined where it could. */
export function lackOf(task: Demand, { record }: NodeView): string | undefined {
  const { runs, labels, machine: { cpus, memory_mb } } = record;
  const offer: Offer = { runs, labels, cpus, memory_mb };
  return unfitness(task, offer);
}

/** Whether a node takes new tasks. */
export function takesTasks({ status }: NodeView): boolean {
  return status === "online";
}

/** Whether a node has room for one more task. */
export function hasFreeSlot({ record: { running, parallel } }: NodeView): boolean {
  return running.length < parallel;
}
