import type { ObjectReader } from "./object_reader.ts";
import { isFolder, parseTree, type TreeEntry } from "./tree.ts";
import { GitError } from "./git_error.ts";

/** A tree's entry with its path from the root of the commit. */
export type PlacedEntry = TreeEntry & { path: string };

/** A place at which two commits differ. */
export interface Difference {
  path: string;
  before?: PlacedEntry;
  after?: PlacedEntry;
}

/** Two trees at one path; absent where there is none. */
interface Pair {
  path: string;
  before?: string;
  after?: string;
}

/** So many entries are remembered, and as many that were wanted before: about 150 bytes each. */
const MAX_REMEMBERED = 100_000;

/**
 * Reads the trees of commits. A tree never changes, so what was read is remembered, and a commit
 * costs no more than its difference to those that were read before.
 */
export class TreeReader {
  readonly #objects: ObjectReader;
  #remembered = new Map<string, TreeEntry[]>();
  /** What was remembered before; what is wanted of it is remembered again. */
  #former = new Map<string, TreeEntry[]>();
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

  /**
   * Where two commits differ below a folder. A folder that is entered on one side stands for what is
   * in it, and is followed only where it differs.
   */
  async diff(
    { before, after }: { before: string; after: string },
    folder: string,
    enter: (path: string) => boolean,
  ): Promise<Difference[]> {
    const [from, to] = await Promise.all(
      [before, after].map(async (it) => (await this.#folders(it, [folder])).get(folder)),
    );
    const found: Difference[] = [];
    let level: Pair[] = from === to ? [] : [{ path: folder, before: from, after: to }];
    while (level.length > 0) {
      const wanted = level.flatMap(({ before, after }) => [before ?? [], after ?? []].flat());
      const trees = await this.#trees(wanted);
      const below = level.flatMap((pair) => differing(pair, trees));
      level = [];
      for (const difference of below) {
        const { pair, rest } = split(difference, enter);
        if (pair !== undefined) level.push(pair);
        if (rest !== undefined) found.push(rest);
      }
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
      const known = this.#remembered.get(oid) ?? this.#former.get(oid);
      if (known === undefined) {
        unread.push(oid);
        continue;
      }
      trees.set(oid, known);
      if (!this.#remembered.has(oid)) this.#remember(oid, known);
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
      this.#former = this.#remembered;
      this.#remembered = new Map();
      this.#size = 0;
    }
    this.#remembered.set(oid, entries);
    this.#size += entries.length;
  }
}

/** The entries of two trees that are not the same. */
function differing(
  { path, before, after }: Pair,
  trees: ReadonlyMap<string, TreeEntry[]>,
): Difference[] {
  const entriesOf = (oid?: string) => oid === undefined ? [] : trees.get(oid)!;
  const old = new Map(entriesOf(before).map((entry) => [entry.name, entry]));
  const found: Difference[] = [];
  const placed = (entry?: TreeEntry) => entry && { ...entry, path: joined(path, entry.name) };
  for (const entry of entriesOf(after)) {
    const former = old.get(entry.name);
    old.delete(entry.name);
    if (former?.oid === entry.oid && former.mode === entry.mode) continue;
    found.push({ path: joined(path, entry.name), before: placed(former), after: placed(entry) });
  }
  for (const entry of old.values()) {
    found.push({ path: joined(path, entry.name), before: placed(entry) });
  }
  return found;
}

/** What of a difference is to be looked into, and what stands for itself. */
function split(
  { path, before, after }: Difference,
  enter: (path: string) => boolean,
): { pair?: Pair; rest?: Difference } {
  const isEntered = (entry?: PlacedEntry) => entry !== undefined && isFolder(entry) && enter(path);
  const from = isEntered(before) ? before : undefined;
  const to = isEntered(after) ? after : undefined;
  const rest = {
    path,
    before: from === undefined ? before : undefined,
    after: to === undefined ? after : undefined,
  };
  return {
    ...(from ?? to) && { pair: { path, before: from?.oid, after: to?.oid } },
    ...(rest.before ?? rest.after) && { rest },
  };
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
