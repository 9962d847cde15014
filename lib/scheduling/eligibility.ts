/**
 * Whether a node may take a task. Pure.
 *
 * @module
 */

/** What a task asks of the node that runs it. */
export interface Demand {
  kind: "script" | "module";
  labels: Record<string, string>;
  resources: { cpus: number; memory_mb: number };
  not_before?: string;
}

/** What a node has to offer. */
export interface Offer {
  runs: readonly string[];
  labels: Record<string, string>;
  cpus: number;
  memory_mb: number;
}

/**
 * Why a node could never run a task, as the rest of a sentence that begins "it"; undefined where it
 * could.
 */
export function unfitness(task: Demand, node: Offer): string | undefined {
  if (!node.runs.includes(task.kind)) return `needs a node that runs ${task.kind}s`;
  for (const [label, value] of Object.entries(task.labels)) {
    if (node.labels[label] !== value) return `needs the label ${label}=${value}`;
  }
  const { cpus, memory_mb } = task.resources;
  if (cpus > node.cpus) return `needs ${cpus} CPUs, the node has ${node.cpus}`;
  if (memory_mb > node.memory_mb) return `needs ${memory_mb} MB, the node has ${node.memory_mb}`;
  return undefined;
}

/** Whether a task's time has come. */
export function isDue(notBefore: string | undefined, now: Date): boolean {
  return notBefore === undefined || Date.parse(notBefore) <= now.getTime();
}
