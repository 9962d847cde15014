/**
 * Which commits of a history changed some files. The local copy is shallow, so more of the history is
 * brought here first, as far as it is wanted; never the content of files.
 *
 * @module
 */
import { join } from "@std/path";
import type { OpenCopy } from "./open_copy.ts";

/** How a commit changed a file: its content before and after; undefined where there was none. */
export interface PathChange {
  path: string;
  before?: string;
  after?: string;
  /** Set where it is no plain file afterwards, but a link or a submodule, and must not be read. */
  isOdd?: true;
}

/** A commit that changed files which somebody asked for. */
export interface PathCommit {
  oid: string;
  /** Seconds since the epoch. */
  time: number;
  author: { name: string; email: string };
  /** The first line of the message. */
  subject: string;
  changes: PathChange[];
}

/** The commits of a history that changed some files, newest first. */
export interface PathHistory {
  commits: PathCommit[];
  /** Whether it was followed to its beginning. */
  isWhole: boolean;
}

/** Where a history begins to be followed back. */
export interface HistoryTip {
  /** The ref on the server. */
  ref: string;
  commit: string;
}

/** A history is followed over about as many commits, however long it is. */
const MAX_COMMITS = 10_000;

/**
 * Follows a history back by first parents: what was merged happened when it was merged.
 *
 * @param isEnough asked with what was found, before more is brought here
 */
export async function readHistory(
  open: OpenCopy,
  { ref, commit }: HistoryTip,
  paths: string[],
  isEnough: (commits: PathCommit[]) => boolean,
): Promise<PathHistory> {
  let found: Found;
  let isDone = false;
  const look = async () => {
    found = await findHere(open, commit, paths);
    const { isWhole, length, commits } = found;
    return isDone = isWhole || length >= MAX_COMMITS || isEnough(commits);
  };
  await open.mirror.deepen(ref, look, "blob:none");
  // After the last deepening nobody has looked.
  if (!isDone) await look();
  const { commits, isWhole } = found!;
  return { commits, isWhole };
}

/** What is here of a history, and over how many commits that is. */
type Found = PathHistory & { length: number };

async function findHere(open: OpenCopy, commit: string, paths: string[]): Promise<Found> {
  const { git } = open.copy;
  const chain = await readChain(open, commit);
  const shallow = await shallowCommits(git.folder);
  const { oid: oldest } = chain.at(-1)!;
  const isWhole = !shallow.has(oldest);
  await bringTrees(open, chain.slice(0, isWhole ? undefined : -1));
  const format = "--format=%H%x00%ct%x00%an%x00%ae%x00%s";
  const how = ["--first-parent", "-z", "--raw", "--no-abbrev", "--no-renames", format];
  const args = ["--literal-pathspecs", "log", ...how, commit, "--", ...paths];
  const said = parseHistory(await git.run("reading the history", args));
  // Git takes a commit whose parents are not here for one that added all its files.
  const commits = said.filter(({ oid }) => isWhole || oid !== oldest);
  return { commits: onlyAt(new Set(paths), commits), isWhole, length: chain.length };
}

/** Git also tells of what lies below a path, should that be a folder. */
function onlyAt(paths: ReadonlySet<string>, commits: PathCommit[]): PathCommit[] {
  return commits.map((commit) => ({
    ...commit,
    changes: commit.changes.filter(({ path }) => paths.has(path)),
  })).filter(({ changes }) => changes.length > 0);
}

/** A commit and its tree. */
interface Link {
  oid: string;
  tree: string;
}

/** The first parents of a commit as far as they are here, from itself on. */
async function readChain({ copy: { git } }: OpenCopy, commit: string): Promise<Link[]> {
  const args = ["log", "--first-parent", "--format=%H %T", commit, "--"];
  const text = new TextDecoder().decode(await git.run("reading the history", args));
  return text.trimEnd().split("\n").map((line) => {
    const [oid, tree] = line.split(" ");
    return { oid, tree };
  });
}

/** Commits may have come without their trees, which Git would fetch one by one. */
async function bringTrees({ objects, mirror }: OpenCopy, chain: Link[]): Promise<void> {
  const trees = [...new Set(chain.map(({ tree }) => tree))];
  const infos = await objects.info(trees);
  const missing = trees.filter((_, index) => infos[index] === undefined);
  if (missing.length > 0) await mirror.fetchContents(missing);
}

/** The commits whose parents are not here, as Git keeps them (gitformat-shallow: one in a line). */
async function shallowCommits(folder: string): Promise<Set<string>> {
  try {
    return new Set((await Deno.readTextFile(join(folder, "shallow"))).trimEnd().split("\n"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Set();
    throw error;
  }
}

/**
 * Reads what `git log -z --raw` prints in our format: a commit is five fields and its changes, each
 * of them two: modes, contents and a letter; then the path (git-diff-tree, "RAW OUTPUT FORMAT").
 */
export function parseHistory(bytes: Uint8Array): PathCommit[] {
  const fields = new TextDecoder().decode(bytes).split("\0");
  const commits: PathCommit[] = [];
  for (let at = 0; at + 4 < fields.length;) {
    const [oid, time, name, email, subject] = fields.slice(at, at + 5);
    const commit = { oid, time: Number(time), author: { name, email }, subject, changes: [] };
    at += 5;
    at = readChanges(fields, at, commit.changes);
    commits.push(commit);
  }
  return commits;
}

/** @returns where the next commit begins */
function readChanges(fields: string[], from: number, changes: PathChange[]): number {
  let at = from;
  for (; /^\n?:/.test(fields[at] ?? ""); at += 2) {
    const [, mode, before, after] = fields[at].split(" ");
    changes.push({
      path: fields[at + 1],
      before: unlessZero(before),
      after: unlessZero(after),
      ...mode === "120000" || mode === "160000" ? { isOdd: true } : {},
    });
  }
  return at;
}

function unlessZero(oid: string): string | undefined {
  return /^0+$/.test(oid) ? undefined : oid;
}
