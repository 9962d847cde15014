/**
 * The local copy of a grid's repository: bare, shallow and without file contents at first. It is a
 * cache: nothing is lost when it is deleted.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { Git } from "./git.ts";
import { REMOTE } from "./push.ts";

/** A local copy that no other process uses. */
export interface LocalCopy {
  /** Talks to the server. */
  git: Git;
  /**
   * The same objects, seen from a repository that knows no server: a content that is not here is
   * reported as missing instead of being fetched behind our back, one by one.
   */
  offline: Git;
  /** How many packs it had when it was opened. */
  packs: number;
  release(): void;
}

/**
 * Opens a local copy of the repository at `url` below `home`, or makes one. Each process takes the
 * first copy that no other process holds.
 *
 * @param refspecs the refs to follow, in Git's form
 */
export async function openLocalCopy(
  url: string,
  home: string,
  refspecs: string[],
  host: Record<string, string>,
): Promise<LocalCopy> {
  const base = join(
    home,
    "repositories",
    createHash("sha256").update(url).digest("hex").slice(0, 16),
  );
  for (let number = 0;; number++) {
    const folder = join(base, String(number));
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = await Deno.open(join(folder, "lock"), { create: true, write: true });
    if (await lock.tryLock(true)) {
      const { git, offline } = await prepare(folder, url, refspecs, host);
      const files = await namesIn(join(git.folder, "objects", "pack"));
      const packs = files.filter((name) => name.endsWith(".pack")).length;
      return { git, offline, packs, release: () => lock.close() };
    }
    lock.close();
  }
}

async function prepare(
  folder: string,
  url: string,
  refspecs: string[],
  host: Record<string, string>,
): Promise<{ git: Git; offline: Git }> {
  const git = new Git(join(folder, "copy.git"), host);
  const offline = git.at(join(folder, "offline.git"), {
    GIT_OBJECT_DIRECTORY: join(git.folder, "objects"),
  });
  await removeRubbish(folder);
  for (const side of [git, offline]) {
    await side.run("making the local copy", ["init", "--quiet", "--bare", side.folder]);
  }
  await configure(git, url, refspecs);
  return { git, offline };
}

/** Removes what writers left that were ended in the middle. */
async function removeRubbish(folder: string): Promise<void> {
  for (const place of ["copy.git/objects/pack", "offline.git"]) {
    for (const name of await namesIn(join(folder, place))) {
      if (/^(tmp_|fast_import_crash_)/.test(name)) await Deno.remove(join(folder, place, name));
    }
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
  const set = async (name: string, value: string, ...how: string[]) =>
    await git.run("configuring the local copy", [
      "config",
      ...how,
      `remote.${REMOTE}.${name}`,
      value,
    ]);
  await set("url", url, "--replace-all");
  // A push moves what it names here as well, so that the next fetch asks only for the rest.
  await git.try(["config", "--unset-all", `remote.${REMOTE}.fetch`]);
  for (const refspec of refspecs) await set("fetch", refspec, "--add");
  if (isLocal(url)) {
    // A repository on disk that nobody has configured can leave out contents all the same.
    await set("uploadpack", "git -c uploadpack.allowFilter=true upload-pack", "--replace-all");
  }
}

/** Whether a repository's address is a path on this machine. */
export function isLocal(url: string): boolean {
  return url.startsWith("file://") || url.startsWith("/") || /^\.{1,2}(\/|$)/.test(url);
}
