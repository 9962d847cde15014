/**
 * What a node is called, and that no other worker on this machine is called the same.
 *
 * @module
 */
import { join } from "@std/path";
import { isNodeId } from "../protocol/identity.ts";
import { WrongUsage } from "./problems.ts";
import { randomWord } from "./task_id.ts";

/** A node id that this process holds. */
export interface NodeIdentity extends Disposable {
  nodeId: string;
  /** The same for all processes that took this id with this home, and for no other. */
  instance: string;
}

/**
 * Takes a node id; no other process with the same home can take it meanwhile.
 *
 * @param wanted what the user calls this node; undefined for a name made from the host's, which is
 * kept in the home, with a number where several workers share it
 * @throws {WrongUsage} when a worker of that name runs already
 */
export async function takeNodeIdentity(
  home: string,
  wanted: string | undefined,
): Promise<NodeIdentity> {
  await Deno.mkdir(join(home, "nodes"), { recursive: true, mode: 0o700 });
  if (wanted !== undefined) {
    const identity = await tryTake(home, wanted);
    if (identity !== undefined) return identity;
    throw new WrongUsage(
      `starting the worker: ${wanted} runs already with this --home; choose another --node-id`,
    );
  }
  const own = await keptName(home);
  for (let number = 1;; number++) {
    const identity = await tryTake(home, number === 1 ? own : `${own}-${number}`);
    if (identity !== undefined) return identity;
  }
}

async function tryTake(home: string, nodeId: string): Promise<NodeIdentity | undefined> {
  const path = join(home, "nodes", `${nodeId}.running`);
  const lock = await Deno.open(path, { create: true, write: true });
  if (await lock.tryLock(true)) {
    const instance = await keptText(join(home, "nodes", `${nodeId}.instance`), crypto.randomUUID());
    return { nodeId, instance, [Symbol.dispose]: () => lock.close() };
  }
  lock.close();
  return undefined;
}

async function keptName(home: string): Promise<string> {
  const path = join(home, "nodes", "own_name");
  const name = await keptText(path, makeName(Deno.hostname()));
  if (isNodeId(name)) return name;
  throw new Error(`reading ${path}: "${name}" is no node id; remove the file`);
}

/** What stands in a file, once and for all: of two that begin at once the first one's text holds. */
async function keptText(path: string, text: string): Promise<string> {
  try {
    await Deno.writeTextFile(path, `${text}\n`, { createNew: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  return (await Deno.readTextFile(path)).trim();
}

/** A node id from a host's name; the random word tells machines of the same name apart. */
export function makeName(hostname: string): string {
  const letters = hostname.replaceAll(/[^A-Za-z0-9-]+/g, "-").replace(/^-+/, "").slice(0, 48);
  return `${letters.replace(/-+$/, "") || "node"}-${randomWord(4)}`;
}
