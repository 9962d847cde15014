/**
 * The ledger's store in memory: for tests of decisions and interleavings. Several stores can share
 * one {@link MemoryServer}, as several local copies share one Git host.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { RefNames } from "../protocol/layout.ts";
import type {
  CommitOrder,
  CommitWriter,
  LoggedCommit,
  Oid,
  RefChange,
  Store,
  StoreEntry,
  SwapOutcome,
  TooLarge,
} from "./store.ts";

interface MemoryCommit {
  parent?: Oid;
  message: string;
  time: number;
  /** Path → content. */
  files: Map<string, Oid>;
}

/** What a Git host would keep. */
export class MemoryServer {
  readonly refs = new Map<string, Oid>();
  readonly commits = new Map<Oid, MemoryCommit>();
  readonly contents = new Map<Oid, Uint8Array>();

  keep(bytes: Uint8Array): Oid {
    const oid = createHash("sha1").update("content").update(bytes).digest("hex");
    this.contents.set(oid, bytes);
    return oid;
  }
}

export class MemoryStore implements Store {
  readonly #server: MemoryServer;

  readonly #names: RefNames;

  constructor(server: MemoryServer = new MemoryServer(), names: RefNames = new RefNames()) {
    this.#server = server;
    this.#names = names;
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
    for (const [path, oid] of this.#commit(commit).files) {
      const shut = foldersBetween(folder, path)?.find((between) => !enter(between));
      if (shut !== undefined) found.set(shut, { path: shut, oid: "", kind: "folder" });
      else if (isBelow(path, folder)) found.set(path, { path, oid, kind: "file" });
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
    return work({ commit: (order) => Promise.resolve(this.#make(order)) });
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
    for (const change of changes) {
      if ("remove" in change) files.delete(change.path);
      else if ("bytes" in change) files.set(change.path, this.#server.keep(change.bytes));
      else if ("blob" in change) files.set(change.path, change.blob);
      else {
        const { commit, path } = change.copyOf;
        const blob = this.#commit(commit).files.get(path);
        if (blob === undefined) throw new Error(`copying ${path}: it is not in ${commit}`);
        files.set(change.path, blob);
      }
    }
    const text = JSON.stringify([parent, message, author, time, [...files].sort()]);
    const oid = createHash("sha1").update(text).digest("hex");
    this.#server.commits.set(oid, { parent, message, time, files });
    return oid;
  }
}

function isBelow(path: string, folder: string): boolean {
  return folder === "" || path.startsWith(`${folder}/`);
}

/** The folders on the way from a folder to a file below it; undefined where it is not below. */
function foldersBetween(folder: string, path: string): string[] | undefined {
  if (!isBelow(path, folder)) return undefined;
  const start = folder === "" ? 0 : folder.length + 1;
  const parts = path.slice(start).split("/").slice(0, -1);
  return parts.map((_, index) => path.slice(0, start) + parts.slice(0, index + 1).join("/"));
}
