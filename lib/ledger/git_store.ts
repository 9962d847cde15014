/**
 * The ledger's store in a Git repository somewhere, through a bare local copy.
 *
 * @module
 */
import { FastImport, type TreeChange } from "../git/fast_import.ts";
import type { Git } from "../git/git.ts";
import { GitError } from "../git/git_error.ts";
import { type LocalCopy, openLocalCopy } from "../git/local_copy.ts";
import { ObjectReader } from "../git/object_reader.ts";
import { push, type RefAnswer, REMOTE } from "../git/push.ts";
import { isFile, isFolder } from "../git/tree.ts";
import { type PlacedEntry, TreeReader } from "../git/tree_reader.ts";
import type { RefNames } from "../protocol/layout.ts";
import type {
  CommitOrder,
  CommitWriter,
  Oid,
  RefChange,
  Store,
  StoreEntry,
  SwapOutcome,
  TooLarge,
} from "./store.ts";

/** More packs than this are made one. */
const MAX_PACKS = 50;

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
  readonly #reader: ObjectReader;
  readonly #trees: TreeReader;
  /** How many packs have come since the local copy was compacted. */
  #packs = 0;
  /** What the refs of the local copy name; read once, then kept up to date. */
  #here?: Map<string, Oid>;

  private constructor(copy: LocalCopy, names: RefNames) {
    this.#copy = copy;
    this.#names = names;
    this.#reader = new ObjectReader(copy.offline);
    this.#trees = new TreeReader(this.#reader);
  }

  /** Opens the local copy; the server is not asked yet. */
  static async open({ url, home, names, host }: GitStoreOptions): Promise<GitStore> {
    const refspecs = names.followed.map((ref) => `+${ref}:${ref}`);
    return new GitStore(await openLocalCopy(url, home, refspecs, host), names);
  }

  async refs(): Promise<Map<string, Oid>> {
    const args = ["ls-remote", "--refs", REMOTE, ...this.#names.patterns];
    const text = new TextDecoder().decode(await this.#git.run("reading the refs", args));
    const refs = new Map<string, Oid>();
    for (const line of text.split("\n").filter((line) => line !== "")) {
      const [oid, ref] = line.split("\t");
      // A pattern matches the end of a name, so others can be among the answers.
      if (this.#names.concerns(ref)) refs.set(ref, oid);
    }
    return refs;
  }

  async fetch(tips: Map<string, Oid>): Promise<void> {
    const here = this.#here ??= await this.#readLocalRefs();
    const wanted = [...tips].filter(([ref, oid]) => here.get(ref) !== oid);
    const groups = Map.groupBy(wanted, ([ref]) => {
      // States are small and wanted at once; of the branch, only the queue is.
      const filter = ref === this.#names.branch ? "blob:none" : "blob:limit=1k";
      return `--filter=${filter}${here.has(ref) ? "" : " --depth=1"}`;
    });
    for (const [flags, group] of groups) await this.#fetchTips(group, flags.split(" "));
    await this.#compactNowAndThen(groups.size);
  }

  async list(commit: Oid, folder: string): Promise<StoreEntry[]> {
    return (await this.#trees.list(commit, folder)).map(storeEntry);
  }

  async find(commit: Oid, paths: string[]): Promise<Map<string, StoreEntry>> {
    const found = await this.#trees.find(commit, paths);
    return new Map([...found].map(([path, entry]) => [path, storeEntry(entry)]));
  }

  async read(oids: Oid[], maxBytes: number): Promise<Map<Oid, Uint8Array | TooLarge>> {
    const wanted = [...new Set(oids)];
    const sizes = await this.#sizes(wanted);
    const small = wanted.filter((oid) => sizes.get(oid)! <= maxBytes);
    const bodies = await this.#reader.contents(small);
    const read = new Map<Oid, Uint8Array | TooLarge>(
      wanted.map((oid) => [oid, { tooLarge: sizes.get(oid)! }]),
    );
    small.forEach((oid, index) => read.set(oid, bodies[index]!));
    return read;
  }

  async contains(commit: Oid, ancestor: Oid): Promise<boolean | undefined> {
    if (commit === ancestor) return true;
    const [info] = await this.#reader.info([ancestor]);
    if (info === undefined) return undefined;
    const args = ["merge-base", "--is-ancestor", ancestor, commit];
    const { code } = await this.#git.try(args);
    if (code > 1) throw new GitError(`comparing ${ancestor} with ${commit}`, "damaged", code);
    return code === 0;
  }

  async write<T>(work: (writer: CommitWriter) => Promise<T>): Promise<T> {
    const session = new FastImport(this.#copy.offline);
    try {
      const done = await work({
        commit: async (order) =>
          await session.commit({ ...order, changes: await this.#treeChanges(order) }),
      });
      await session.finish();
      await this.#compactNowAndThen(1);
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
    const outcomes = answers.length > 0 && answers.every(({ accepted }) => accepted)
      ? new Map<string, SwapOutcome>(changes.map(({ ref }) => [ref, { done: true }]))
      : swapOutcomes(changes, answers, await this.refs(), atomic);
    for (const { ref, next } of changes) {
      if (outcomes.get(ref)?.done && next !== undefined && this.#names.isFollowed(ref)) {
        this.#here?.set(ref, next);
      }
    }
    return outcomes;
  }

  async log(commit: Oid, count: number): Promise<{ oid: Oid; time: number; subject: string }[]> {
    const args = ["log", `--max-count=${count}`, "--format=%H%x09%ct%x09%s", commit, "--"];
    const text = new TextDecoder().decode(await this.#git.run("reading the history", args));
    return text.split("\n").filter((line) => line !== "").map((line) => {
      const [oid, time, ...subject] = line.split("\t");
      return { oid, time: Number(time), subject: subject.join("\t") };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader[Symbol.asyncDispose]();
    this.#copy.release();
  }

  get #git(): Git {
    return this.#copy.git;
  }

  async #readLocalRefs(): Promise<Map<string, Oid>> {
    const args = ["for-each-ref", "--format=%(objectname) %(refname)"];
    const text = new TextDecoder().decode(await this.#git.run("reading the local refs", args));
    return new Map(
      text.split("\n").filter((line) => line !== "").map((line) => {
        const [oid, ref] = line.split(" ");
        return [ref, oid];
      }),
    );
  }

  async #fetchTips(tips: [ref: string, oid: Oid][], flags: string[]): Promise<void> {
    if (tips.length === 0) return;
    await this.#fetchObjects(
      flags,
      tips.map(([ref, oid]) => this.#names.isFollowed(ref) ? `+${oid}:${ref}` : oid),
    );
    for (const [ref, oid] of tips) if (this.#names.isFollowed(ref)) this.#here?.set(ref, oid);
  }

  /** @param before what stands before the command: settings */
  async #fetchObjects(flags: string[], refspecs: string[], before: string[] = []): Promise<void> {
    const common = ["--quiet", "--no-tags", "--no-write-fetch-head"];
    const args = [...before, "fetch", ...common, ...flags, "--stdin", REMOTE];
    const stdin = new TextEncoder().encode(refspecs.join("\n") + "\n");
    await this.#git.run("fetching", args, { stdin });
  }

  /** Each fetch and each write leaves a pack behind, and each pack makes every look-up slower. */
  async #compactNowAndThen(packs: number): Promise<void> {
    this.#packs += packs;
    if (this.#packs < MAX_PACKS) return;
    this.#packs = 0;
    await this.#git.run("compacting the local copy", ["repack", "-a", "-d", "-k", "-q"]);
  }

  /** The sizes of contents, after those that were missing have been fetched in one request. */
  async #sizes(oids: Oid[]): Promise<Map<Oid, number>> {
    const sizes = new Map<Oid, number>();
    const note = async (wanted: Oid[]) => {
      const infos = await this.#reader.info(wanted);
      infos.forEach((info, index) => info && sizes.set(wanted[index], info.size));
      return wanted.filter((oid) => !sizes.has(oid));
    };
    let missing = await note(oids);
    if (missing.length > 0) {
      // Were we to say what we have, the server would take the contents in it for here.
      const settings = ["-c", "fetch.negotiationAlgorithm=noop"];
      await this.#fetchObjects(["--filter=blob:none"], missing, settings);
      await this.#compactNowAndThen(1);
      missing = await note(missing);
    }
    if (missing.length === 0) return sizes;
    throw new GitError(`fetching ${missing.length} files: they did not arrive`, "damaged", 0);
  }

  /** Finds the folders of what is copied: they are here, the contents need not be. */
  async #treeChanges({ changes }: CommitOrder): Promise<TreeChange[]> {
    const folders = new Map<string, Oid>();
    for (const change of changes) {
      if ("copyOf" in change) folders.set(folderName(change.copyOf), "");
    }
    const names = [...folders.keys()];
    (await this.#reader.info(names)).forEach((info, index) => {
      if (info === undefined) throw new GitError(`reading ${names[index]}: missing`, "damaged", 0);
      folders.set(names[index], info.oid);
    });
    return changes.map((change) =>
      "copyOf" in change
        ? {
          path: change.path,
          folder: folders.get(folderName(change.copyOf))!,
          name: change.copyOf.path.slice(change.copyOf.path.lastIndexOf("/") + 1),
        }
        : change
    );
  }

  /** The server's answers; none when the line broke, because then nobody knows what took effect. */
  async #push(changes: RefChange[], atomic: boolean): Promise<RefAnswer[]> {
    try {
      return await push(this.#git, changes, atomic);
    } catch (error) {
      const broken = error instanceof GitError &&
        (error.trouble === "unreachable" || error.trouble === "timed_out");
      if (broken) return [];
      throw error;
    }
  }
}

/** The name under which Git finds the folder of a file: `<commit>:<folder>`. */
function folderName({ commit, path }: { commit: Oid; path: string }): string {
  return `${commit}:${path.slice(0, Math.max(path.lastIndexOf("/"), 0))}`;
}

function storeEntry({ path, mode, oid }: PlacedEntry): StoreEntry {
  if (isFile({ mode })) return { path, oid, kind: "file" };
  if (isFolder({ mode })) return { path, oid, kind: "folder" };
  return { path, oid, kind: mode === "120000" ? "link" : "submodule" };
}

/**
 * What became of each swap. What Git says of a refusal is made for people; what the refs are now is
 * certain, so that decides.
 */
function swapOutcomes(
  changes: RefChange[],
  answers: RefAnswer[],
  refs: Map<string, Oid>,
  atomic: boolean,
): Map<string, SwapOutcome> {
  const moved = changes.some(({ ref, expected }) => refs.get(ref) !== expected);
  const outcomeOf = ({ ref, expected, next }: RefChange): SwapOutcome => {
    const now = refs.get(ref);
    const words = answers.find((answer) => answer.ref === ref)?.words ?? "no answer";
    if (now === next) return { done: true };
    const lost = now !== expected || (atomic && moved) || answers.length === 0;
    return { done: false, why: lost ? "lost" : "refused", words };
  };
  return new Map(changes.map((change) => [change.ref, outcomeOf(change)]));
}
