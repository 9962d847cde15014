/**
 * The ledger's store in a Git repository somewhere, through a bare local copy.
 *
 * @module
 */
import { FastImport } from "../git/fast_import.ts";
import { GitError } from "../git/git_error.ts";
import { type LocalCopy, openLocalCopy } from "../git/local_copy.ts";
import { Mirror } from "../git/mirror.ts";
import { ObjectReader } from "../git/object_reader.ts";
import { push, type RefAnswer } from "../git/push.ts";
import { isFile, isFolder } from "../git/tree.ts";
import { type PlacedEntry, TreeReader } from "../git/tree_reader.ts";
import type { RefNames } from "../protocol/layout.ts";
import type { CommitWriter, LoggedCommit, Oid, RefChange, Store } from "./store.ts";
import type { StoreEntry, SwapOutcome, TooLarge } from "./store.ts";
import { allDone, isWithoutAnswer, swapOutcomes } from "./swap_outcomes.ts";
import { treeChanges } from "./tree_changes.ts";

export interface GitStoreOptions {
  /** Where the repository is: a path or a URL. */
  url: string;
  /** The folder for the local state. */
  home: string;
  names: RefNames;
  /** Our own environment, of which Git gets a chosen part. */
  host: Record<string, string>;
}

export class GitStore implements Store {
  readonly #copy: LocalCopy;
  readonly #names: RefNames;
  readonly #mirror: Mirror;
  readonly #objects: ObjectReader;
  readonly #trees: TreeReader;

  private constructor(copy: LocalCopy, names: RefNames) {
    this.#copy = copy;
    this.#names = names;
    this.#mirror = new Mirror(copy.git, copy.packs);
    this.#objects = new ObjectReader(copy.offline);
    this.#trees = new TreeReader(this.#objects);
  }

  /** Opens the local copy; the server is not asked yet. */
  static async open({ url, home, names, host }: GitStoreOptions): Promise<GitStore> {
    const refspecs = names.followed.map((ref) => `+${ref}:${ref}`);
    return new GitStore(await openLocalCopy(url, home, refspecs, host), names);
  }

  async refs(): Promise<Map<string, Oid>> {
    const refs = await this.#mirror.serverRefs(this.#names.patterns);
    return new Map([...refs].filter(([ref]) => this.#names.concerns(ref)));
  }

  async fetch(tips: Map<string, Oid>): Promise<void> {
    const names = this.#names;
    await this.#mirror.fetchTips(
      [...tips],
      (ref) => names.isFollowed(ref),
      // States are small and wanted at once; of the branch, only the queue is wanted.
      (ref) => ref === names.branch ? "blob:none" : "blob:limit=1k",
    );
  }

  async list(
    commit: Oid,
    folder: string,
    enter: (path: string) => boolean = () => false,
  ): Promise<StoreEntry[]> {
    return (await this.#trees.list(commit, folder, enter)).map(storeEntry);
  }

  async find(commit: Oid, paths: string[]): Promise<Map<string, StoreEntry>> {
    const found = await this.#trees.find(commit, paths);
    return new Map([...found].map(([path, entry]) => [path, storeEntry(entry)]));
  }

  async read(oids: Oid[], maxBytes: number): Promise<Map<Oid, Uint8Array | TooLarge>> {
    const wanted = [...new Set(oids)];
    const sizes = await this.#sizes(wanted);
    const small = wanted.filter((oid) => sizes.get(oid)! <= maxBytes);
    const bodies = await this.#objects.contents(small);
    const read = new Map<Oid, Uint8Array | TooLarge>(
      wanted.map((oid) => [oid, { tooLarge: sizes.get(oid)! }]),
    );
    small.forEach((oid, index) => read.set(oid, bodies[index]!));
    return read;
  }

  async contains(commit: Oid, ancestor: Oid): Promise<boolean | undefined> {
    if (commit === ancestor) return true;
    const [info] = await this.#objects.info([ancestor]);
    if (info === undefined) return undefined;
    const args = ["merge-base", "--is-ancestor", ancestor, commit];
    const { code } = await this.#copy.git.try(args);
    if (code > 1) throw new GitError(`comparing ${ancestor} with ${commit}`, "damaged", code);
    return code === 0;
  }

  async write<T>(work: (writer: CommitWriter) => Promise<T>): Promise<T> {
    const session = new FastImport(this.#copy.offline);
    try {
      const done = await work({
        commit: async (order) => {
          const changes = await treeChanges(this.#objects, order.changes);
          return await session.commit({ ...order, changes });
        },
      });
      await session.finish();
      await this.#mirror.notePack();
      return done;
    } catch (error) {
      await session.abort();
      throw error;
    }
  }

  async swap(
    changes: RefChange[],
    { atomic }: { atomic: boolean },
  ): Promise<Map<string, SwapOutcome>> {
    if (changes.length === 0) return new Map();
    const answers = await this.#push(changes, atomic);
    const isAllDone = answers.length > 0 && answers.every(({ accepted }) => accepted);
    const outcomes = isAllDone
      ? allDone(changes)
      : swapOutcomes(changes, answers, await this.refs(), atomic);
    for (const { ref, next } of changes) {
      const isMoved = outcomes.get(ref)?.done && next !== undefined;
      if (isMoved && this.#names.isFollowed(ref)) this.#mirror.noteMoved(ref, next);
    }
    return outcomes;
  }

  async log(commit: Oid, count: number): Promise<LoggedCommit[]> {
    const args = ["log", `--max-count=${count}`, "--format=%H%x09%ct%x09%s", commit, "--"];
    const text = new TextDecoder().decode(await this.#copy.git.run("reading the history", args));
    return text.split("\n").filter((line) => line !== "").map((line) => {
      const [oid, time, ...subject] = line.split("\t");
      return { oid, time: Number(time), subject: subject.join("\t") };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#objects[Symbol.asyncDispose]();
    this.#copy.release();
  }

  /** The sizes of contents, after those that were missing have been fetched in one request. */
  async #sizes(oids: Oid[]): Promise<Map<Oid, number>> {
    const sizes = new Map<Oid, number>();
    const note = async (wanted: Oid[]) => {
      const infos = await this.#objects.info(wanted);
      infos.forEach((info, index) => info && sizes.set(wanted[index], info.size));
      return wanted.filter((oid) => !sizes.has(oid));
    };
    const missing = await note(oids);
    if (missing.length === 0) return sizes;
    await this.#mirror.fetchContents(missing);
    const lacking = await note(missing);
    if (lacking.length === 0) return sizes;
    throw new GitError(`fetching ${lacking.length} files: they did not arrive`, "damaged", 0);
  }

  /** The server's answers; none when the line broke, because then nobody knows what took effect. */
  async #push(changes: RefChange[], atomic: boolean): Promise<RefAnswer[]> {
    try {
      return await push(this.#copy.git, changes, atomic);
    } catch (error) {
      if (isWithoutAnswer(error)) return [];
      throw error;
    }
  }
}

function storeEntry({ path, mode, oid }: PlacedEntry): StoreEntry {
  if (isFile({ mode })) return { path, oid, kind: "file" };
  if (isFolder({ mode })) return { path, oid, kind: "folder" };
  return { path, oid, kind: mode === "120000" ? "link" : "submodule" };
}
