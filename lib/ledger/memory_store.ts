/**
 * The ledger's store in memory: for tests of decisions and interleavings. Several stores can share
 * one {@link MemoryServer}, as several local copies share one Git host.
 *
 * @module
 */
import { RefNames } from "../protocol/layout.ts";
import { differingPaths, fileAt, fileIn, folderAt, folderIn, placesBelow } from "./memory_tree.ts";
import type {
  Change,
  CommitOrder,
  CommitWriter,
  HistoryTip,
  LoggedCommit,
  Oid,
  PathCommit,
  PathHistory,
  RefChange,
  Store,
  StoreDifference,
  StoreEntry,
  SwapOutcome,
  TooLarge,
} from "./store.ts";

interface MemoryCommit {
  parent?: Oid;
  author: { name: string; email: string };
  message: string;
  time: number;
  /** Path → content. */
  files: Map<string, Oid>;
}

/** Each byte as one character. */
const AS_CHARACTERS = new TextDecoder("windows-1252");

/**
 * What a Git host would keep. As with Git, the same content has the same name, and so has the same
 * commit; but names are counted, which costs a tenth of a hash.
 */
export class MemoryServer {
  readonly refs = new Map<string, Oid>();
  readonly commits = new Map<Oid, MemoryCommit>();
  readonly contents = new Map<Oid, Uint8Array>();
  readonly #names = new Map<string, Oid>();

  keep(bytes: Uint8Array): Oid {
    const oid = this.nameOf(`content ${AS_CHARACTERS.decode(bytes)}`);
    this.contents.set(oid, bytes);
    return oid;
  }

  /** The name of what is described by a text; it looks like one of Git's. */
  nameOf(text: string): Oid {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const name = (this.#names.size + 1).toString(16).padStart(40, "0");
    this.#names.set(text, name);
    return name;
  }
}

export class MemoryStore implements Store {
  readonly #server: MemoryServer;

  #names: RefNames;

  constructor(server: MemoryServer = new MemoryServer(), names: RefNames = new RefNames()) {
    this.#server = server;
    this.#names = names;
  }

  follow(names: RefNames): Promise<void> {
    this.#names = names;
    return Promise.resolve();
  }

  refs(): Promise<Map<string, Oid>> {
    return Promise.resolve(
      new Map([...this.#server.refs].filter(([ref]) => this.#names.concerns(ref))),
    );
  }

  fetch(tips: Map<string, Oid>): Promise<void> {
    for (const oid of tips.values()) this.#commit(oid);
    return Promise.resolve();
  }

  list(
    commit: Oid,
    folder: string,
    enter: (path: string) => boolean = () => false,
  ): Promise<StoreEntry[]> {
    const found = new Map<string, StoreEntry>();
    const placeOf = placesBelow(folder, enter);
    for (const [path, oid] of this.#commit(commit).files) {
      const place = placeOf(path);
      if (place === undefined) continue;
      found.set(place, place === path ? fileAt(path, oid) : folderAt(place));
    }
    return Promise.resolve([...found.values()]);
  }

  diff(
    commits: { before: Oid; after: Oid },
    folder: string,
    enter: (path: string) => boolean,
  ): Promise<StoreDifference[]> {
    const before = this.#commit(commits.before).files;
    const after = this.#commit(commits.after).files;
    const found = new Map<string, StoreDifference>();
    const placeOf = placesBelow(folder, enter);
    for (const path of differingPaths(before, after)) {
      const place = placeOf(path);
      if (place === undefined) continue;
      const entryIn = place === path ? fileIn : folderIn;
      // What is a file in one commit can be a folder in the other.
      const difference = found.get(place) ?? { path: place };
      difference.before ??= entryIn(before, place);
      difference.after ??= entryIn(after, place);
      found.set(place, difference);
    }
    return Promise.resolve([...found.values()]);
  }

  find(commit: Oid, paths: string[]): Promise<Map<string, StoreEntry>> {
    const { files } = this.#commit(commit);
    const found = paths.filter((path) => files.has(path))
      .map((path): [string, StoreEntry] => [path, { path, oid: files.get(path)!, kind: "file" }]);
    return Promise.resolve(new Map(found));
  }

  read(oids: Oid[], maxBytes: number): Promise<Map<Oid, Uint8Array | TooLarge>> {
    return Promise.resolve(
      new Map(oids.map((oid) => {
        const bytes = this.#server.contents.get(oid);
        if (bytes === undefined) throw new Error(`reading ${oid}: there is no such content`);
        return [oid, bytes.length <= maxBytes ? bytes : { tooLarge: bytes.length }];
      })),
    );
  }

  contains(commit: Oid, ancestor: Oid): Promise<boolean> {
    for (let at: Oid | undefined = commit; at !== undefined; at = this.#commit(at).parent) {
      if (at === ancestor) return Promise.resolve(true);
    }
    return Promise.resolve(false);
  }

  write<T>(work: (writer: CommitWriter) => Promise<T>): Promise<T> {
    return work({
      keep: (content) => Promise.resolve(this.#server.keep(content.slice())),
      commit: (order) => Promise.resolve(this.#make(order)),
    });
  }

  swap(
    changes: RefChange[],
    { atomic }: { atomic: boolean },
  ): Promise<Map<string, SwapOutcome>> {
    const { refs } = this.#server;
    const fits = ({ ref, expected, next }: RefChange) =>
      refs.get(ref) === expected || refs.get(ref) === next;
    const blocked = atomic && !changes.every(fits);
    return Promise.resolve(
      new Map(changes.map((change): [string, SwapOutcome] => {
        if (blocked || !fits(change)) {
          return [change.ref, { done: false, why: "lost", words: "stale" }];
        }
        if (change.next === undefined) refs.delete(change.ref);
        else refs.set(change.ref, change.next);
        return [change.ref, { done: true }];
      })),
    );
  }

  log(commit: Oid, count: number): Promise<LoggedCommit[]> {
    const lines = [];
    for (let at: Oid | undefined = commit; at !== undefined && lines.length < count;) {
      const { message, time, parent }: MemoryCommit = this.#commit(at);
      lines.push({ oid: at, time, subject: message.split("\n")[0] });
      at = parent;
    }
    return Promise.resolve(lines);
  }

  history({ commit }: HistoryTip, paths: string[]): Promise<PathHistory> {
    const commits: PathCommit[] = [];
    for (let at: Oid | undefined = commit; at !== undefined;) {
      const { message, time, author, files, parent }: MemoryCommit = this.#commit(at);
      const older = parent === undefined ? undefined : this.#commit(parent).files;
      const changes = paths.map((path) => ({
        path,
        before: older?.get(path),
        after: files.get(path),
      })).filter(({ before, after }) => before !== after);
      const subject = message.split("\n")[0];
      if (changes.length > 0) commits.push({ oid: at, time, author, subject, changes });
      at = parent;
    }
    return Promise.resolve({ commits, isWhole: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #commit(oid: Oid): MemoryCommit {
    const commit = this.#server.commits.get(oid);
    if (commit === undefined) throw new Error(`reading ${oid}: there is no such commit`);
    return commit;
  }

  #make({ parent, message, author, time, changes }: CommitOrder): Oid {
    const files = new Map(parent === undefined ? [] : this.#commit(parent).files);
    // The parent and what is changed say as much as the whole tree would.
    let text = `commit ${parent} ${time} ${author.name} <${author.email}> ${message}`;
    for (const change of changes) {
      const blob = this.#blobOf(change);
      text += `\n${blob} ${change.path}`;
      if (blob === undefined) files.delete(change.path);
      else files.set(change.path, blob);
    }
    const oid = this.#server.nameOf(text);
    this.#server.commits.set(oid, { parent, author, message, time, files });
    return oid;
  }

  /** What a change puts at its path; undefined for nothing. */
  #blobOf(change: Change): Oid | undefined {
    if ("remove" in change) return undefined;
    if ("bytes" in change) return this.#server.keep(change.bytes);
    if ("blob" in change) return change.blob;
    const { commit, path } = change.copyOf;
    const blob = this.#commit(commit).files.get(path);
    if (blob === undefined) throw new Error(`copying ${path}: it is not in ${commit}`);
    return blob;
  }
}
