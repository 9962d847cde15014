import type { ObjectReader } from "./object_reader.ts";
import { isFolder, parseTree, type TreeEntry } from "./tree.ts";
import { GitError } from "./git_error.ts";

/** A tree's entry with its path from the root of the commit. */
export type PlacedEntry = TreeEntry & { path: string };

/** So many entries are remembered: about 150 bytes each. */
const MAX_REMEMBERED = 100_000;

/**
 * Reads the trees of commits. A tree never changes, so what was read is remembered, and a commit
 * costs no more than its difference to those that were read before.
 */
export class TreeReader {
  readonly #objects: ObjectReader;
  readonly #remembered = new Map<string, TreeEntry[]>();
  #size = 0;

  constructor(objects: ObjectReader) {
    this.#objects = objects;
  }

  /**
   * All entries below a folder; empty where there is no such folder. Folders that are entered are
   * not among them.
   *
   * @param enter whether to look into a folder: a few kilobytes of trees that name each other can
   * stand for billions of files
   */
  async list(
    commit: string,
    folder: string,
    enter: (path: string) => boolean,
  ): Promise<PlacedEntry[]> {
    const found: PlacedEntry[] = [];
    const root = (await this.#folders(commit, [folder])).get(folder);
    let level = root === undefined ? [] : [{ path: folder, oid: root }];
    while (level.length > 0) {
      const trees = await this.#trees(level.map(({ oid }) => oid));
      const entries = level.flatMap(({ path, oid }) =>
        trees.get(oid)!.map((entry) => ({ ...entry, path: joined(path, entry.name) }))
      );
      // One by one: as arguments of one call, a hundred thousand do not fit on the stack.
      const isEntered = (entry: PlacedEntry) => isFolder(entry) && enter(entry.path);
      for (const entry of entries) if (!isEntered(entry)) found.push(entry);
      level = entries.filter(isEntered);
    }
    return found;
  }

  /** What stands at these paths, known by the trees alone; what does not exist is left out. */
  async find(commit: string, paths: string[]): Promise<Map<string, PlacedEntry>> {
    const byFolder = Map.groupBy(paths, folderOf);
    const folders = await this.#folders(commit, [...byFolder.keys()]);
    const trees = await this.#trees([...folders.values()]);
    const found = new Map<string, PlacedEntry>();
    for (const [folder, oid] of folders) {
      const wanted = new Set(byFolder.get(folder));
      for (const entry of trees.get(oid)!) {
        const path = joined(folder, entry.name);
        if (wanted.has(path)) found.set(path, { ...entry, path });
      }
    }
    return found;
  }

  /**
   * The trees of a commit's folders; what is no folder is left out. They are looked up in the trees
   * above them, so that one which is missing here is not taken for one that does not exist.
   *
   * @throws {GitError} when a tree on the way is not here
   */
  async #folders(commit: string, folders: string[]): Promise<Map<string, string>> {
    const found = new Map([["", await this.#rootOf(commit)]]);
    const onTheWay = new Set(folders.flatMap(withFoldersAbove));
    for (const level of levelsOf(onTheWay)) {
      const above = Map.groupBy(level, folderOf);
      const parents = [...above.keys()].filter((folder) => found.has(folder));
      const trees = await this.#trees(parents.map((folder) => found.get(folder)!));
      for (const parent of parents) {
        const wanted = new Set(above.get(parent));
        for (const entry of trees.get(found.get(parent)!)!) {
          const path = joined(parent, entry.name);
          if (isFolder(entry) && wanted.has(path)) found.set(path, entry.oid);
        }
      }
    }
    return new Map(folders.filter((it) => found.has(it)).map((it) => [it, found.get(it)!]));
  }

  async #rootOf(commit: string): Promise<string> {
    const [root] = await this.#objects.info([`${commit}^{tree}`]);
    if (root === undefined) throw new GitError(`reading ${commit}: missing`, "damaged", 0);
    return root.oid;
  }

  async #trees(oids: string[]): Promise<Map<string, TreeEntry[]>> {
    const trees = new Map<string, TreeEntry[]>();
    const unread: string[] = [];
    for (const oid of new Set(oids)) {
      const known = this.#remembered.get(oid);
      if (known === undefined) unread.push(oid);
      else trees.set(oid, known);
    }
    const bodies = await this.#objects.contents(unread);
    unread.forEach((oid, index) => {
      const body = bodies[index];
      if (body === undefined) throw new GitError(`reading tree ${oid}: missing`, "damaged", 0);
      // The length of an id tells which hash the repository uses.
      const entries = parseTree(body, oid.length / 2);
      trees.set(oid, entries);
      this.#remember(oid, entries);
    });
    return trees;
  }

  #remember(oid: string, entries: TreeEntry[]): void {
    if (this.#size + entries.length > MAX_REMEMBERED) {
      this.#remembered.clear();
      this.#size = 0;
    }
    this.#remembered.set(oid, entries);
    this.#size += entries.length;
  }
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}

/** A folder and all those that it lies in, but for the root. */
function withFoldersAbove(folder: string): string[] {
  return folder === "" ? [] : [...withFoldersAbove(folderOf(folder)), folder];
}

/** Paths by how deep they lie, the shallow ones first. */
function levelsOf(paths: Iterable<string>): string[][] {
  const byDepth = Map.groupBy(paths, (path) => path.split("/").length);
  return [...byDepth].sort(([a], [b]) => a - b).map(([, level]) => level);
}

function joined(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
