/**
 * Everything that the checks look at, gathered from the server's repository by plain Git.
 *
 * @module
 */
import { plainGit } from "../support/git_server.ts";
import { readBlobs } from "./blobs.ts";
import {
  changesOf,
  type FileChange,
  filesOf,
  movesOf,
  parentsOf,
  type Past,
  type RefMove,
  shardRefs,
  type Version,
  versionsOf,
} from "./history.ts";
import type { Submission } from "./workload.ts";

const MAIN = "refs/heads/main";

/** A result, as we trust it to be written. */
export interface Result extends Past {
  task_id: string;
  status: string;
  attempts: Past[];
  output?: unknown;
  /** Null where nothing ran. */
  started_at: string | null;
}

/** A ref that may only grow: how it moved, and each of its commits' first parent. */
export interface Chain {
  ref: string;
  moves: RefMove[];
  parents: Map<string, string>;
}

export interface Evidence {
  submissions: Submission[];
  maxAttempts: number;
  /** The files of the branch's tip. */
  files: string[];
  /** All that ever happened to results on the branch. */
  resultChanges: FileChange[];
  /** All results that were ever written to a shard. */
  reports: FileChange[];
  /** The results on the branch's tip, by path. */
  results: Map<string, Result>;
  /** The files of the shards' tips, as `<ref>:<path>`. */
  liveFiles: string[];
  versions: Map<string, Version[]>;
  chains: Chain[];
  /** What `git fsck` says, but for what nothing names any more. */
  complaints: string[];
}

/** Reads everything. Nobody may be writing. */
export async function gatherEvidence(
  repo: string,
  submissions: Submission[],
  maxAttempts: number,
): Promise<Evidence> {
  const shards = await shardRefs(repo);
  const resultChanges = await changesOf(repo, MAIN, ["tasks/completed", "tasks/failed"]);
  const live = shards.map(async (ref) => (await filesOf(repo, ref)).map((it) => `${ref}:${it}`));
  return {
    submissions,
    maxAttempts,
    files: await filesOf(repo, MAIN),
    resultChanges: resultChanges.filter(({ path }) => path.endsWith(".json")),
    reports: await reportsOf(repo, shards),
    results: await resultsOf(repo, MAIN),
    liveFiles: (await Promise.all(live)).flat(),
    versions: await versionsOf(repo),
    chains: await Promise.all([MAIN, ...shards].map((ref) => chainOf(repo, ref))),
    complaints: await complaintsOf(repo),
  };
}

async function chainOf(repo: string, ref: string): Promise<Chain> {
  return { ref, moves: await movesOf(repo, ref), parents: await parentsOf(repo, ref) };
}

async function reportsOf(repo: string, shards: string[]): Promise<FileChange[]> {
  const changes = await Promise.all(shards.map((ref) => changesOf(repo, ref, ["results"])));
  return changes.flat().filter(({ how }) => how !== "D");
}

async function resultsOf(repo: string, ref: string): Promise<Map<string, Result>> {
  const folders = ["tasks/completed", "tasks/failed"];
  const format = "--format=%(objectname) %(path)";
  const text = await plainGit(repo, "ls-tree", "-r", "-z", format, ref, "--", ...folders);
  const files = text.split("\0").filter((line) => line.endsWith(".json"))
    .map((line) => line.split(" "));
  const blobs = await readBlobs(repo, files.map(([blob]) => blob));
  return new Map(files.map(([blob, path]) => [path, JSON.parse(blobs.get(blob)!)]));
}

/** A heartbeat leaves a commit that nothing names; that is no damage. */
async function complaintsOf(repo: string): Promise<string[]> {
  try {
    const said = await plainGit(repo, "fsck", "--strict", "--full", "--no-progress");
    return said.split("\n").filter((line) => line !== "" && !line.startsWith("dangling "));
  } catch (error) {
    return [(error as Error).message];
  }
}

/** How many of some tasks have a result on the branch, and whether the live edge is empty. */
export async function progressOf(repo: string): Promise<{ settled: number; isEmpty: boolean }> {
  const shards = await shardRefs(repo);
  const live = (await Promise.all(shards.map((ref) => filesOf(repo, ref)))).flat();
  const results = (await filesOf(repo, MAIN)).filter((path) =>
    /^tasks\/(completed|failed)\/.*\.json$/.test(path)
  );
  return { settled: results.length, isEmpty: live.every((path) => path === "settled") };
}
