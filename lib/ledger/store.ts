/**
 * What the ledger needs of a store, and no more: look at refs, read trees and files, write commits,
 * and compare-and-swap refs. Git is one implementation; memory is another, for tests. One suite of
 * contract tests (`tests/ledger/store_contract.ts`) runs against both.
 *
 * @module
 */

import type { CommitOrder as GitCommitOrder } from "../git/fast_import.ts";
import type { HistoryTip, PathCommit, PathHistory } from "../git/history.ts";
import type { RefChange } from "../git/push.ts";
import type { RefNames } from "../protocol/layout.ts";

export type { HistoryTip, PathCommit, PathHistory, RefChange };

/** The name of a commit, tree or file content. */
export type Oid = string;

/** A file or folder in the tree of a commit. */
export interface StoreEntry {
  /** From the root of the tree. */
  path: string;
  kind: "file" | "folder" | "link" | "submodule";
  oid: Oid;
}

/** A place at which two commits differ; a side is absent where it has nothing there. */
export interface StoreDifference {
  path: string;
  before?: StoreEntry;
  after?: StoreEntry;
}

/** One change to a tree. */
export type Change =
  /** A file with this content. */
  | { path: string; bytes: Uint8Array }
  /** A file with a content that was read before, or kept within the same work. */
  | { path: string; blob: Oid }
  /** The same file as in another commit; its content need not have been read. */
  | { path: string; copyOf: { commit: Oid; path: string } }
  /** No such file any more; nothing happens where there is none. */
  | { path: string; remove: true };

/** What becomes a commit. */
export interface CommitOrder extends Omit<GitCommitOrder, "changes"> {
  changes: Change[];
}

/**
 * What became of one ref's swap.
 *
 * - `done`: it names the new commit
 * - `lost`: it did not name the expected one, or it is part of an atomic swap that lost
 * - `refused`: the server does not allow it, whatever it names
 */
export type SwapOutcome = { done: true } | { done: false; why: "lost" | "refused"; words: string };

/**
 * Makes commits; they become readable when the work that made them is over. One can be the parent of
 * the next within the same work, but nothing can be copied out of it yet.
 */
export interface CommitWriter {
  /**
   * Writes a content that stands nowhere yet. Its memory may be used again once this is over.
   *
   * @returns a name for it, by which the commits of the same work can place it; nobody else knows it
   */
  keep(content: Uint8Array): Promise<Oid>;
  commit(order: CommitOrder): Promise<Oid>;
}

/** A commit as a history shows it. */
export interface LoggedCommit {
  oid: Oid;
  /** Seconds since the epoch. */
  time: number;
  /** The first line of the message. */
  subject: string;
}

/** A content that is larger than what the reader asked for. */
export interface TooLarge {
  tooLarge: number;
}

export interface Store extends AsyncDisposable {
  /** Looks at refs of these names from here on. The settings, which are in the store, tell them. */
  follow(names: RefNames): Promise<void>;
  /** The branch and the live edge as the server has them now. */
  refs(): Promise<Map<string, Oid>>;
  /** Brings commits and their trees here, without the content of files. */
  fetch(tips: Map<string, Oid>): Promise<void>;
  /**
   * Everything below a folder of a commit; empty where there is none. Folders that are entered are
   * not among it.
   *
   * @param enter which folders to look into; none where absent
   */
  list(commit: Oid, folder: string, enter?: (path: string) => boolean): Promise<StoreEntry[]>;
  /**
   * Where two commits differ below a folder. Costs what differs: trees that are the same are not
   * looked into.
   *
   * @param enter which folders to look into, as for {@link list}
   */
  diff(
    commits: { before: Oid; after: Oid },
    folder: string,
    enter: (path: string) => boolean,
  ): Promise<StoreDifference[]>;
  /** What stands at these paths; what does not exist is left out. */
  find(commit: Oid, paths: string[]): Promise<Map<string, StoreEntry>>;
  /** The content of files, fetched where it is not here yet, in one request. */
  read(oids: Oid[], maxBytes: number): Promise<Map<Oid, Uint8Array | TooLarge>>;
  /**
   * Whether a commit is in the history of another.
   *
   * @param thorough whether to fetch what is missing of the history to find out; otherwise false can
   * also mean that not enough of it is here
   */
  contains(commit: Oid, ancestor: Oid, options?: { thorough?: boolean }): Promise<boolean>;
  /** Makes commits here; nobody else sees them before a swap. */
  write<T>(work: (writer: CommitWriter) => Promise<T>): Promise<T>;
  /**
   * Compares and swaps refs on the server.
   *
   * @param atomic all or none; otherwise each ref succeeds or fails alone
   * @returns an outcome for each change; where the answer of the server was lost, it is found out by
   * reading
   */
  swap(changes: RefChange[], options: { atomic: boolean }): Promise<Map<string, SwapOutcome>>;
  /** The newest commits of a history: the first line of each message, newest first. */
  log(commit: Oid, count: number): Promise<LoggedCommit[]>;
  /**
   * The commits of a history that changed these files, newest first; of what was merged, the merge.
   *
   * @param isEnough whether what was found tells all that is wanted, so that nothing older has to be
   * fetched; more may be found all the same
   */
  history(
    tip: HistoryTip,
    paths: string[],
    isEnough?: (commits: PathCommit[]) => boolean,
  ): Promise<PathHistory>;
}

/** A content that a read gave whole; undefined where it was too large or not asked for. */
export function wholeContent(content: Uint8Array | TooLarge | undefined): Uint8Array | undefined {
  return content instanceof Uint8Array ? content : undefined;
}
