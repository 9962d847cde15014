/**
 * The ledger's store in a Git repository somewhere, through a bare local copy.
 *
 * @module
 */
import { type OpenCopy, SelfHealingCopy } from "../git/open_copy.ts";
import { FastImport } from "../git/fast_import.ts";
import { GitError, gitErrorOf } from "../git/git_error.ts";
import { type LocalCopy, openLocalCopy } from "../git/local_copy.ts";
import { OtherFormat } from "../git/object_format.ts";
import { push, type RefAnswer } from "../git/push.ts";
import { isFile, isFolder } from "../git/tree.ts";
import type { PlacedEntry } from "../git/tree_reader.ts";
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
  readonly #copy: SelfHealingCopy;
  readonly #names: RefNames;
  /** What has been brought here; a new copy gets it too, because it is thought to be here. */
  readonly #tips = new Map<string, Oid>();

  private constructor(copy: LocalCopy, names: RefNames) {
    this.#copy = new SelfHealingCopy(copy, (open, why) => this.#refill(open, why));
    this.#names = names;
  }

  /** Opens the local copy; the server is not asked yet. */
  static async open({ url, home, names, host }: GitStoreOptions): Promise<GitStore> {
    const refspecs = names.followed.map((ref) => `+${ref}:${ref}`);
    return new GitStore(await openLocalCopy(url, home, refspecs, host), names);
  }

  refs(): Promise<Map<string, Oid>> {
    return this.#copy.reading((open) => this.#refs(open));
  }

  async fetch(tips: Map<string, Oid>): Promise<void> {
    await this.#copy.reading((open) => this.#fetch(open, tips));
    for (const [ref, oid] of tips) this.#noteTip(ref, oid);
  }

  async list(
    commit: Oid,
    folder: string,
    enter: (path: string) => boolean = () => false,
  ): Promise<StoreEntry[]> {
    const entries = await this.#copy.reading(({ trees }) => trees.list(commit, folder, enter));
    return entries.map(storeEntry);
  }

  async find(commit: Oid, paths: string[]): Promise<Map<string, StoreEntry>> {
    const found = await this.#copy.reading(({ trees }) => trees.find(commit, paths));
    return new Map([...found].map(([path, entry]) => [path, storeEntry(entry)]));
  }

  read(oids: Oid[], maxBytes: number): Promise<Map<Oid, Uint8Array | TooLarge>> {
    return this.#copy.reading(async (open) => {
      const wanted = [...new Set(oids)];
      const sizes = await sizesOf(open, wanted);
      const small = wanted.filter((oid) => sizes.get(oid)! <= maxBytes);
      const bodies = await open.objects.contents(small);
      const read = new Map<Oid, Uint8Array | TooLarge>(
        wanted.map((oid) => [oid, { tooLarge: sizes.get(oid)! }]),
      );
      small.forEach((oid, index) => read.set(oid, bodies[index]!));
      return read;
    });
  }

  contains(
    commit: Oid,
    ancestor: Oid,
    { thorough = false }: { thorough?: boolean } = {},
  ): Promise<boolean> {
    return this.#copy.reading(async (open) => {
      const isAncestor = () => isAncestorHere(open, ancestor, commit);
      const isKnown = await isAncestor();
      if (isKnown || !thorough) return isKnown;
      await open.mirror.deepen(this.#names.branch, isAncestor);
      return await isAncestor();
    });
  }

  /** @throws {GitError} when the local copy is damaged; it has been made again then */
  write<T>(work: (writer: CommitWriter) => Promise<T>): Promise<T> {
    // The work is not done twice: what it has seen may be old by then.
    return this.#copy.writing(async ({ copy, objects, mirror }) => {
      const session = new FastImport(copy.offline);
      try {
        const done = await work({
          commit: async (order) => {
            const changes = await treeChanges(objects, order.changes);
            return await session.commit({ ...order, changes });
          },
        });
        await session.finish();
        await mirror.notePack();
        return done;
      } catch (error) {
        await session.abort();
        throw error;
      }
    });
  }

  /** @throws {GitError} when the local copy is damaged; it has been made again then */
  async swap(
    changes: RefChange[],
    { atomic }: { atomic: boolean },
  ): Promise<Map<string, SwapOutcome>> {
    if (changes.length === 0) return new Map();
    // A new copy does not have the commits.
    return await this.#copy.writing(async (open) => {
      const answers = await answersTo(open, changes, atomic);
      const isAllDone = answers.length > 0 && answers.every(({ accepted }) => accepted);
      const outcomes = isAllDone
        ? allDone(changes)
        : swapOutcomes(changes, answers, await this.#refs(open), atomic);
      for (const { ref, next } of changes) {
        const isMoved = outcomes.get(ref)?.done && next !== undefined;
        if (!isMoved || !this.#names.isFollowed(ref)) continue;
        open.mirror.noteMoved(ref, next);
        this.#noteTip(ref, next);
      }
      return outcomes;
    });
  }

  async log(commit: Oid, count: number): Promise<LoggedCommit[]> {
    const args = ["log", `--max-count=${count}`, "--format=%H%x09%ct%x09%s", commit, "--"];
    const text = new TextDecoder().decode(
      await this.#copy.reading(({ copy }) => copy.git.run("reading the history", args)),
    );
    return text.split("\n").filter((line) => line !== "").map((line) => {
      const [oid, time, ...subject] = line.split("\t");
      return { oid, time: Number(time), subject: subject.join("\t") };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#copy[Symbol.asyncDispose]();
  }

  /** Brings what was brought before into a new copy. */
  async #refill(open: OpenCopy, why: GitError): Promise<void> {
    // What another repository had cannot be had from this one.
    if (why instanceof OtherFormat) this.#tips.clear();
    await this.#fetch(open, this.#tips);
  }

  #noteTip(ref: string, oid: Oid): void {
    if (this.#names.isFollowed(ref)) this.#tips.set(ref, oid);
  }

  async #refs({ mirror }: OpenCopy): Promise<Map<string, Oid>> {
    const refs = await mirror.serverRefs(this.#names.patterns);
    return new Map([...refs].filter(([ref]) => this.#names.concerns(ref)));
  }

  async #fetch({ mirror }: OpenCopy, tips: Map<string, Oid>): Promise<void> {
    const names = this.#names;
    await mirror.fetchTips(
      [...tips],
      (ref) => names.isFollowed(ref),
      // States are small and wanted at once; of the branch, only the queue is wanted.
      (ref) => ref === names.branch ? "blob:none" : "blob:limit=1k",
    );
  }
}

/** Whether a commit is in the history of another, as far as that is here. */
async function isAncestorHere(
  { copy, objects }: OpenCopy,
  ancestor: Oid,
  commit: Oid,
): Promise<boolean> {
  if (commit === ancestor) return true;
  const [info] = await objects.info([ancestor]);
  if (info === undefined) return false;
  const result = await copy.git.try(["merge-base", "--is-ancestor", ancestor, commit]);
  if (result.code > 1) throw gitErrorOf(`comparing ${ancestor} with ${commit}`, result);
  return result.code === 0;
}

/** The sizes of contents, after those that were missing have been fetched in one request. */
async function sizesOf({ objects, mirror }: OpenCopy, oids: Oid[]): Promise<Map<Oid, number>> {
  const sizes = new Map<Oid, number>();
  const note = async (wanted: Oid[]) => {
    const infos = await objects.info(wanted);
    infos.forEach((info, index) => info && sizes.set(wanted[index], info.size));
    return wanted.filter((oid) => !sizes.has(oid));
  };
  const missing = await note(oids);
  if (missing.length === 0) return sizes;
  await mirror.fetchContents(missing);
  const lacking = await note(missing);
  if (lacking.length === 0) return sizes;
  throw new GitError(`fetching ${lacking.length} files: they did not arrive`, "damaged", 0);
}

/** The server's answers; none when the line broke, because then nobody knows what took effect. */
async function answersTo(
  { copy }: OpenCopy,
  changes: RefChange[],
  atomic: boolean,
): Promise<RefAnswer[]> {
  try {
    return await push(copy.git, changes, atomic);
  } catch (error) {
    if (isWithoutAnswer(error)) return [];
    throw error;
  }
}

function storeEntry({ path, mode, oid }: PlacedEntry): StoreEntry {
  if (isFile({ mode })) return { path, oid, kind: "file" };
  if (isFolder({ mode })) return { path, oid, kind: "folder" };
  return { path, oid, kind: mode === "120000" ? "link" : "submodule" };
}
