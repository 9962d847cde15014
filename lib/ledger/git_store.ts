/**
 * The ledger's store in a Git repository somewhere, through a bare local copy.
 *
 * @module
 */
import { type OpenCopy, SelfHealingCopy } from "../git/open_copy.ts";
import { FastImport } from "../git/fast_import.ts";
import type { GitCounters } from "../git/git_counters.ts";
import { GitError } from "../git/git_error.ts";
import { readHistory } from "../git/history.ts";
import { type LocalCopy, openLocalCopy } from "../git/local_copy.ts";
import { OtherFormat } from "../git/object_format.ts";
import { type Patience, systemPatience } from "../git/retry.ts";
import { isFile, isFolder } from "../git/tree.ts";
import type { PlacedEntry } from "../git/tree_reader.ts";
import type { RefNames } from "../protocol/layout.ts";
import { isAncestorHere } from "./ancestry.ts";
import { swapOnServer } from "./git_swap.ts";
import type { Change, CommitWriter, LoggedCommit, Oid, RefChange, Store } from "./store.ts";
import type { StoreDifference, StoreEntry, SwapOutcome, TooLarge } from "./store.ts";
import { treeChanges } from "./tree_changes.ts";

export interface GitStoreOptions {
  /** Where the repository is: a path or a URL. */
  url: string;
  /** The folder for the local state. */
  home: string;
  names: RefNames;
  /** Our own environment, of which Git gets a chosen part. */
  host: Record<string, string>;
  /** How to wait where the server does not answer and is asked again; by this machine's clock. */
  patience?: Patience;
  /** Counts what Git does here. */
  counters?: GitCounters;
  /** Called when the server does not allow a change, whatever the refs name. */
  noteRefusal?: () => Promise<void>;
}

export class GitStore implements Store {
  readonly #copy: SelfHealingCopy;
  #names: RefNames;
  /** What has been brought here; a new copy gets it too, because it is thought to be here. */
  readonly #tips = new Map<string, Oid>();

  readonly #patience: Patience;
  readonly #noteRefusal?: () => Promise<void>;

  private constructor(copy: LocalCopy, options: GitStoreOptions) {
    const { names, noteRefusal } = options;
    const noteRetry = () => copy.git.counters.noteRetry();
    const patience = this.#patience = { ...options.patience ?? systemPatience, noteRetry };
    this.#copy = new SelfHealingCopy(copy, (open, why) => this.#refill(open, why), patience);
    this.#names = names;
    this.#noteRefusal = noteRefusal;
  }

  /** Opens the local copy; the server is not asked yet. */
  static async open(options: GitStoreOptions): Promise<GitStore> {
    const { url, home, names, host, counters } = options;
    const copy = await openLocalCopy(url, home, refspecsOf(names), host, counters);
    return new GitStore(copy, options);
  }

  async follow(names: RefNames): Promise<void> {
    await this.#copy.reading(async ({ copy, mirror }) => {
      await copy.follow(refspecsOf(names));
      await mirror.keepOnly((ref) => names.isFollowed(ref));
    });
    this.#names = names;
    for (const ref of this.#tips.keys()) if (!names.isFollowed(ref)) this.#tips.delete(ref);
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

  async diff(
    { before, after }: { before: Oid; after: Oid },
    folder: string,
    enter: (path: string) => boolean,
  ): Promise<StoreDifference[]> {
    const differences = await this.#copy.reading(({ trees }) =>
      trees.diff({ before, after }, folder, enter)
    );
    return differences.map(({ path, before, after }) => ({
      path,
      ...before && { before: storeEntry(before) },
      ...after && { after: storeEntry(after) },
    }));
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
    return this.#copy.writing(async (open) => {
      const { copy, objects, mirror } = open;
      const session = new FastImport(copy.offline);
      try {
        const kept = new Set<Oid>();
        const done = await work({
          keep: async (content) => {
            const name = await session.keep(content);
            kept.add(name);
            return name;
          },
          commit: async (order) => {
            // A copy that was made again since they were read does not have them.
            await sizesOf(open, placedBlobs(order.changes).filter((blob) => !kept.has(blob)));
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
      const outcomes = await swapOnServer(open, changes, {
        atomic,
        patience: this.#patience,
        bring: (ref, oid) => this.#fetch(open, new Map([[ref, oid]])),
      });
      for (const { ref, next } of changes) {
        const isMoved = outcomes.get(ref)?.done && next !== undefined;
        if (!isMoved || !this.#names.isFollowed(ref)) continue;
        open.mirror.noteMoved(ref, next);
        this.#noteTip(ref, next);
      }
      if ([...outcomes.values()].some(isRefusal)) await this.#noteRefusal?.();
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

  history: Store["history"] = (tip, paths, isEnough = () => false) =>
    this.#copy.reading((open) => readHistory(open, tip, paths, isEnough));

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

/** The refs to follow, as Git takes them. */
function refspecsOf({ followed }: RefNames): string[] {
  return followed.map((ref) => `+${ref}:${ref}`);
}

/** The contents that changes place by name. */
function placedBlobs(changes: Change[]): Oid[] {
  return changes.flatMap((change) => "blob" in change ? [change.blob] : []);
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

function isRefusal(outcome: SwapOutcome): boolean {
  return !outcome.done && outcome.why === "refused";
}

function storeEntry({ path, mode, oid }: PlacedEntry): StoreEntry {
  if (isFile({ mode })) return { path, oid, kind: "file" };
  if (isFolder({ mode })) return { path, oid, kind: "folder" };
  return { path, oid, kind: mode === "120000" ? "link" : "submodule" };
}
