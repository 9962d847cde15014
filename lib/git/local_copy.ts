/**
 * The local copy of a grid's repository: bare, shallow and without file contents at first. It is a
 * cache: nothing is lost when it is deleted.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { getLogger } from "@logtape/logtape";
import { join } from "@std/path";
import { ProgramMissing, textOf } from "../process.ts";
import { Git } from "./git.ts";
import { GitCounters } from "./git_counters.ts";
import { needingRoom } from "./disk_full.ts";
import { earlyCredentials } from "./early_credentials.ts";
import { GitError, gitErrorOf } from "./git_error.ts";
import type { ObjectFormat } from "./object_format.ts";
import { REMOTE } from "./push.ts";

const log = getLogger(["dgrid", "git"]);

/** A local copy that no other process uses. */
export interface LocalCopy {
  /** Talks to the server. */
  git: Git;
  /**
   * The same objects, seen from a repository that knows no server: a content that is not here is
   * reported as missing instead of being fetched behind our back, one by one.
   */
  offline: Git;
  format: ObjectFormat;
  /** How many packs it had when it was opened. */
  packs: number;
  /** Follows these refs from here on, in Git's form, and a new copy in its place does, too. */
  follow(refspecs: string[]): Promise<void>;
  /** Lets Git follow where the server redirects it; the credentials are sent when it is asked for them. */
  followRedirects(): Promise<void>;
  /**
   * Removes what commands left that were ended in the middle, such as half a pack: on a full disk
   * nothing works again before. Only while nothing else works in the copy.
   */
  sweep(): Promise<void>;
  /** Throws everything in it away and gives an empty copy in its place, with the same lock. */
  makeAgain(format: ObjectFormat): Promise<LocalCopy>;
  release(): void;
}

/** Where a copy is, and of what. */
interface Place {
  folder: string;
  url: string;
  refspecs: string[];
  host: Record<string, string>;
  counters: GitCounters;
  /** Held as long as the copy is used. */
  lock: Deno.FsFile;
}

/** The two repositories of a copy. */
const SIDES = ["copy.git", "offline.git"] as const;
/** What `git config` ends with where the setting was not there (git-config, "DESCRIPTION"). */
const NOTHING_TO_UNSET = 5;
/** Stands behind the name of what is being removed. */
const GONE = ".gone";

/** The folder below `home` with all that is kept of the repository at `url`. */
export function repositoryFolder(url: string, home: string): string {
  return join(home, "repositories", createHash("sha256").update(url).digest("hex").slice(0, 16));
}

/**
 * Opens a local copy of the repository at `url` below `home`, or makes one. Each process takes the
 * first copy that no other process holds. A copy that is damaged is made again.
 *
 * @param refspecs the refs to follow, in Git's form
 * @param counters counts what Git does in it
 * @throws {GitError} with `disk_full` when there is no room for it
 */
export async function openLocalCopy(
  url: string,
  home: string,
  refspecs: string[],
  host: Record<string, string>,
  counters: GitCounters = new GitCounters(),
): Promise<LocalCopy> {
  const base = repositoryFolder(url, home);
  for (let number = 0;; number++) {
    const folder = join(base, String(number));
    const lock = await needingRoom("making the local copy", async () => {
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      return await Deno.open(join(folder, "lock"), { create: true, write: true });
    });
    if (await lock.tryLock(true)) {
      try {
        const users = await withUsersSsh(url, host);
        return await openAt({ folder, url, refspecs, host: users, counters, lock });
      } catch (error) {
        lock.close();
        throw error;
      }
    }
    lock.close();
  }
}

/**
 * Our own environment with the ssh that the user has configured, because {@link gitEnvironment}
 * gives Git one that would stand before it.
 */
async function withUsersSsh(
  url: string,
  host: Record<string, string>,
): Promise<Record<string, string>> {
  const isSaid = host.GIT_SSH !== undefined || host.GIT_SSH_COMMAND !== undefined;
  if (isSaid || isLocal(url)) return host;
  const args = ["config", "--get", "core.sshCommand"];
  const { code, stdout } = await new Git("/dev/null", host).try(args);
  return code === 0 ? { ...host, GIT_SSH_COMMAND: textOf(stdout).trim() } : host;
}

async function openAt(place: Place): Promise<LocalCopy> {
  if ((await namesIn(place.folder)).every((name) => name === "lock")) return await make(place);
  try {
    await removeRubbish(place.folder);
    return await openSound(place);
  } catch (error) {
    if (error instanceof ProgramMissing || isFull(error)) throw error;
    // Whatever is wrong with it: nothing is lost with it, and a new one is sound.
    log.warning("the local copy in {folder} is made again: {error}", {
      folder: place.folder,
      error,
    });
    await discard(place.folder);
    return await make(place);
  }
}

/** Whether there was no room, of which a new copy would need more. */
function isFull(error: unknown): boolean {
  return error instanceof GitError && error.trouble === "disk_full";
}

/** Opens what is there. */
async function openSound(place: Place): Promise<LocalCopy> {
  const { git, offline } = sidesOf(place);
  await check(git, offline);
  const args = ["rev-parse", "--show-object-format"];
  const said = await offline.run("checking the local copy", args);
  await configure(git, place.url, place.refspecs);
  const format = new TextDecoder().decode(said).trim() === "sha256" ? "sha256" : "sha1";
  const files = await namesIn(join(git.folder, "objects", "pack"));
  return copyAt(place, format, files.filter((name) => name.endsWith(".pack")).length);
}

/**
 * Makes an empty copy.
 *
 * @param format that of nearly all servers where absent; nobody has asked this one yet
 */
async function make(place: Place, format: ObjectFormat = "sha1"): Promise<LocalCopy> {
  const { git, offline } = sidesOf(place);
  for (const side of [git, offline]) {
    const args = ["init", "--quiet", "--bare", `--object-format=${format}`, side.folder];
    await side.run("making the local copy", args);
  }
  await configure(git, place.url, place.refspecs);
  return copyAt(place, format, 0);
}

function copyAt(place: Place, format: ObjectFormat, packs: number): LocalCopy {
  return {
    ...sidesOf(place),
    format,
    packs,
    follow: async (refspecs) => {
      place.refspecs = refspecs;
      await followRefs(sidesOf(place).git, refspecs);
    },
    followRedirects: async () => {
      for (const [name] of earlyCredentials(place.url)) await unset(sidesOf(place).git, name);
    },
    sweep: () => removeRubbish(place.folder),
    makeAgain: async (format) => {
      await discard(place.folder);
      return await make(place, format);
    },
    release: () => place.lock.close(),
  };
}

function sidesOf({ folder, host, counters }: Place): { git: Git; offline: Git } {
  const [copy, bare] = SIDES.map((side) => join(folder, side));
  const git = new Git(copy, host, {}, counters);
  return { git, offline: git.at(bare, { GIT_OBJECT_DIRECTORY: join(copy, "objects") }) };
}

/**
 * Looks at each ref, and at the commit and the root tree that it names: what a power cut damages is
 * mostly what was written last.
 *
 * @throws {GitError} when one of them cannot be read
 */
async function check(git: Git, offline: Git): Promise<void> {
  const action = "checking the local copy";
  const refs = await git.try(["for-each-ref", "--format=%(objectname)"]);
  // A ref whose file is empty is left out; no exit code tells it.
  const isWhole = refs.code === 0 && !textOf(refs.stderr).includes("ignoring broken ref");
  if (!isWhole) throw gitErrorOf(action, refs);
  if (refs.stdout.bytes.length === 0) return;
  const how = ["--quiet", "--objects", "--no-walk", "--filter=tree:1", "--stdin"];
  await offline.run(action, ["rev-list", ...how], { stdin: refs.stdout.bytes });
}

/** Removes both repositories. They are moved first, so that who is writing in them does no harm. */
async function discard(folder: string): Promise<void> {
  for (const side of SIDES) {
    const [from, to] = [join(folder, side), join(folder, side + GONE)];
    await removeAll(to);
    await Deno.rename(from, to).catch(unlessNotFound);
    await removeAll(to);
  }
}

async function removeAll(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch(unlessNotFound);
}

function unlessNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/** Removes what programs left that were ended in the middle; nobody else uses the copy. */
async function removeRubbish(folder: string): Promise<void> {
  for (const side of SIDES) {
    await removeAll(join(folder, side + GONE));
    // With a lock left, wherever it is, Git fails for ever.
    await removeBelow(join(folder, side), /\.lock$/);
  }
  await removeBelow(join(folder, "copy.git/objects"), /^tmp_/);
  for (const name of await namesIn(join(folder, "offline.git"))) {
    if (name.startsWith("fast_import_crash_")) await removeAll(join(folder, "offline.git", name));
  }
}

/** Removes what is named so, wherever it is in a folder. */
async function removeBelow(folder: string, pattern: RegExp): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (pattern.test(name)) await removeAll(path);
    else if (isDirectory) await removeBelow(path, pattern);
  }
}

/** The names in a folder; none where there is no such folder. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function configure(git: Git, url: string, refspecs: string[]): Promise<void> {
  await setRemote(git, "--replace-all", "url", url);
  await followRefs(git, refspecs);
  for (const setting of earlyCredentials(url)) await setConfig(git, "--replace-all", ...setting);
  if (isLocal(url)) {
    // A repository on disk that nobody has configured can leave out contents all the same.
    const program = "git -c uploadpack.allowFilter=true upload-pack";
    await setRemote(git, "--replace-all", "uploadpack", program);
  }
}

/** A push moves what it names here as well, so that the next fetch asks only for the rest. */
async function followRefs(git: Git, refspecs: string[]): Promise<void> {
  await unset(git, `remote.${REMOTE}.fetch`);
  for (const refspec of refspecs) await setRemote(git, "--add", "fetch", refspec);
}

async function unset(git: Git, name: string): Promise<void> {
  const isFailure = ({ code }: { code: number }) => code !== 0 && code !== NOTHING_TO_UNSET;
  await git.try(["config", "--unset-all", name], { isFailure });
}

async function setRemote(git: Git, how: string, name: string, value: string): Promise<void> {
  await setConfig(git, how, `remote.${REMOTE}.${name}`, value);
}

async function setConfig(git: Git, how: string, name: string, value: string): Promise<void> {
  await git.run("configuring the local copy", ["config", how, name, value]);
}

/** Whether a repository's address is a path on this machine. */
export function isLocal(url: string): boolean {
  return url.startsWith("file://") || url.startsWith("/") || /^\.{1,2}(\/|$)/.test(url);
}
