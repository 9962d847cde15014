/**
 * What stands in the server's repository, read by plain Git and `JSON.parse` alone: a defect of
 * D-GRID shall not hide itself.
 *
 * @module
 */
import { join } from "@std/path";
import { plainGit } from "../support/git_server.ts";
import { readBlobs } from "./blobs.ts";

/** A change of one file by one commit of a chain. */
export interface FileChange {
  commit: string;
  /** Who wrote it; a worker's commits bear its node id. */
  writer: string;
  /** `A` added, `M` changed, `D` deleted. */
  how: string;
  path: string;
  /** The content's id; zeros where it was deleted. */
  blob: string;
}

/** A move of a ref, as the server noted it. */
export interface RefMove {
  ref: string;
  from: string;
  to: string;
}

/** The live state of a task, as we trust it to be written. */
export interface Entry {
  task_id: string;
  status: string;
  attempt: number;
  node_id: string;
  claimed_at: string;
  attempts: Past[];
}

/** An attempt that is over. */
export interface Past {
  attempt: number;
  node_id: string;
  claimed_at: string;
  ended_at: string;
  outcome: string;
}

/** A task's entry as one commit of its shard left it; undefined where the commit took it away. */
export interface Version {
  commit: string;
  writer: string;
  entry?: Entry;
}

/** Each change of files by the commits of a ref, the oldest first. */
export async function changesOf(repo: string, ref: string, paths: string[]): Promise<FileChange[]> {
  const how = ["--first-parent", "-m", "--raw", "--no-renames", "--no-abbrev", "--reverse", "-z"];
  const text = await plainGit(repo, "log", ...how, "--format=%x01%H %an", ref, "--", ...paths);
  return text.split("\x01").slice(1).flatMap(parseCommit);
}

/** `<commit> <writer> NUL :<modes> <old> <new> <how> NUL <path> NUL …` */
function parseCommit(text: string): FileChange[] {
  const [head, ...rest] = text.split("\0").map((part) => part.trim()).filter((part) => part !== "");
  const commit = head.slice(0, head.indexOf(" "));
  const writer = head.slice(commit.length + 1);
  const changes: FileChange[] = [];
  for (let at = 0; at + 1 < rest.length; at += 2) {
    const [, , , blob, how] = rest[at].split(" ");
    changes.push({ commit, writer, how, path: rest[at + 1], blob });
  }
  return changes;
}

/** The refs of the live edge's shards. */
export async function shardRefs(repo: string): Promise<string[]> {
  const text = await plainGit(repo, "for-each-ref", "--format=%(refname)", "refs/dgrid/live");
  return text.split("\n").filter((line) => line !== "");
}

/** Each task's entry through time, from all shards. */
export async function versionsOf(repo: string): Promise<Map<string, Version[]>> {
  const refs = await shardRefs(repo);
  const changes = (await Promise.all(refs.map((ref) => changesOf(repo, ref, ["tasks"])))).flat();
  const blobs = await readBlobs(repo, changes.filter(isThere).map(({ blob }) => blob));
  const versions = changes.map((change) => {
    const entry = isThere(change) ? JSON.parse(blobs.get(change.blob)!) as Entry : undefined;
    const task_id = change.path.slice("tasks/".length, -".json".length);
    return { task_id, version: { commit: change.commit, writer: change.writer, entry } };
  });
  const byTask = Map.groupBy(versions, ({ task_id }) => task_id);
  return new Map([...byTask].map(([id, list]) => [id, list.map(({ version }) => version)]));
}

function isThere({ how }: FileChange): boolean {
  return how !== "D";
}

/** All files of a ref's tip. */
export async function filesOf(repo: string, ref: string): Promise<string[]> {
  const text = await plainGit(repo, "ls-tree", "-r", "-z", "--name-only", ref);
  return text.split("\0").filter((path) => path !== "");
}

/** How the server has seen a ref move, the oldest first. */
export async function movesOf(repo: string, ref: string): Promise<RefMove[]> {
  const text = await Deno.readTextFile(join(repo, "logs", ref));
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const [from, to] = line.split(" ");
    return { ref, from, to };
  });
}

/** The first parent of each commit of a ref; zeros where there is none, as in a move. */
export async function parentsOf(repo: string, ref: string): Promise<Map<string, string>> {
  const text = await plainGit(repo, "log", "--format=%H %P", "--first-parent", ref);
  return new Map(
    text.split("\n").filter((line) => line !== "").map((line) => {
      const [commit, parent] = line.split(" ");
      return [commit, parent === undefined || parent === "" ? "0".repeat(commit.length) : parent];
    }),
  );
}
