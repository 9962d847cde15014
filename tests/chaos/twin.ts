/**
 * Starts a second process under the name of a living node.
 *
 * @module
 */
import { join } from "@std/path";
import { systemClock } from "../../lib/clock.ts";
import { plainGit } from "../support/git_server.ts";
import { killQuietly } from "../../lib/process.ts";
import type { ChaosGrid } from "./grid.ts";
import type { Node } from "./node.ts";
import { NodeLog } from "./node_log.ts";

/** By now a second process must have noticed the first, if it could see the server all the time. */
const PATIENCE_MS = 40_000;

/** How it says that there is another one. */
const SAYS_WHY = /runs already with this --home|gives signs of life under that name/;

/** What a second process did. */
export interface TwinSeen {
  /** What it came to; `undecided` where the first, or the server, was not there all the time. */
  end: "refused" | "undecided" | "worked";
  words: string;
}

/** Whether a node has joined, as far as the server knows. */
export async function hasName(repo: string, nodeId: string): Promise<boolean> {
  const ref = `refs/dgrid/nodes/${nodeId}`;
  if (await plainGit(repo, "for-each-ref", ref) === "") return false;
  return JSON.parse(await plainGit(repo, "show", `${ref}:node.json`)).status === "online";
}

/** Starts a second process, and waits until it has refused or must have. */
export async function watchTwin(
  grid: ChaosGrid,
  node: Node,
  { sharesHome, stop }: { sharesHome: boolean; stop: AbortSignal },
): Promise<TwinSeen> {
  const { folder } = grid.playground;
  const name = `twin-of-${node.id}-${crypto.randomUUID().slice(0, 4)}`;
  const home = sharesHome ? node.home : join(folder, "homes", name);
  await using log = new NodeLog(join(folder, "logs", `${name}.log`));
  const child = grid.playground.start(node.command(home), grid.env);
  const over = new AbortController();
  const logged = Promise.all([
    log.follow(child.stderr),
    child.stdout.cancel(),
    child.stdin.close(),
  ]);
  const ended = child.status.then(({ code }) => code).finally(() => over.abort());
  const cutsBefore = grid.proxy.cuts;
  await systemClock.wait(PATIENCE_MS, AbortSignal.any([stop, over.signal]));
  const refused = over.signal.aborted;
  const isSure = !stop.aborted && grid.proxy.cuts === cutsBefore && node.isRunning;
  killQuietly(child);
  const code = await ended;
  await logged;
  const words = `${code}: ${log.tail(1)}`;
  if (refused) return { end: SAYS_WHY.test(words) ? "refused" : "undecided", words };
  return { end: isSure ? "worked" : "undecided", words };
}
