/**
 * Reading what the workers of this machine have counted (`counters_record.ts`).
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { join } from "@std/path";
import { describeProblems } from "../protocol/problem.ts";
import { type CountersRecord, decodeCounters, lockPath, nodeOf } from "./counters_record.ts";

const log = getLogger(["dgrid", "worker"]);

/** What a node of this machine has counted. */
export interface CountedNode extends CountersRecord {
  node_id: string;
  /** Whether its worker is at work; else this is what its last one has left. */
  is_running: boolean;
}

/** The nodes that have left something in a folder, by their names. */
export async function countedNodes(folder: string): Promise<CountedNode[]> {
  const found: CountedNode[] = [];
  for (const name of (await namesIn(folder)).sort()) {
    const nodeId = nodeOf(name);
    const node = nodeId && await readNode(folder, name, nodeId);
    if (node) found.push(node);
  }
  return found;
}

async function readNode(
  folder: string,
  name: string,
  nodeId: string,
): Promise<CountedNode | undefined> {
  // First: what is read after it is no older than what it says.
  const is_running = await isLocked(lockPath(folder, nodeId));
  const path = join(folder, name);
  const bytes = await Deno.readFile(path).catch(unlessNotFound);
  // A worker that has just begun has taken it away.
  if (bytes === undefined) return undefined;
  const record = decodeCounters(bytes);
  if (record.ok) return { node_id: nodeId, is_running, ...record.value };
  log.warn("{path} is passed over: {why}", { path, why: describeProblems(record.problems) });
  return undefined;
}

/** Whether somebody is at work. The lock is taken for a moment, together with others who look. */
async function isLocked(path: string): Promise<boolean> {
  using lock = await Deno.open(path, { read: true }).catch(unlessNotFound);
  return lock !== undefined && !await lock.tryLock(false);
}

async function namesIn(folder: string): Promise<string[]> {
  const list = async () => await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return await list().catch(unlessNotFound) ?? [];
}

function unlessNotFound(error: unknown): undefined {
  if (error instanceof Deno.errors.NotFound) return undefined;
  throw error;
}
