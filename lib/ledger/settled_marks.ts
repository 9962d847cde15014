/**
 * What is known of settled marks: the commits of the branch up to which shards are settled. A look can
 * show a shard with a newer mark than the branch that came with it.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Oid, Store } from "./store.ts";

const log = getLogger(["dgrid", "ledger"]);

/** The name of a commit, in either of Git's hashes. */
const OID = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/** The branch as a process sees it. */
export interface BranchView {
  store: Pick<Store, "contains">;
  /** The commit of the branch as last seen. */
  commit(): Oid;
  /** Looks at the branch again. */
  refresh(): Promise<void>;
  name(): string;
}

export class SettledMarks {
  readonly #branch: BranchView;
  /** Those that are known to be in our view of the branch. */
  readonly #passed = new Set<Oid>();
  /** Those that our view of the branch was found not to reach. */
  readonly #unreached = new Set<Oid>();
  /** Those that people were told are not in it. */
  readonly #warned = new Set<Oid>();

  constructor(branch: BranchView) {
    this.#branch = branch;
  }

  /** A look can be answered with an older branch; what was in the newer one need not be in it. */
  forget(): void {
    this.#passed.clear();
    this.#unreached.clear();
  }

  /** Whether the branch was found not to reach a mark. */
  isUnreached(mark: Oid | undefined): boolean {
    return mark !== undefined && this.#unreached.has(mark);
  }

  /** Whether the branch reaches a shard's mark. May look at the branch again to find out. */
  async reaches(shard: string, mark: Oid | undefined): Promise<boolean> {
    if (mark === undefined || this.#passed.has(mark)) return true;
    const isReached = OID.test(mark) && await this.#contains(mark);
    (isReached ? this.#passed : this.#unreached).add(mark);
    if (!isReached) this.#warn(shard, mark);
    return isReached;
  }

  async #contains(mark: Oid): Promise<boolean> {
    const { store, commit, refresh } = this.#branch;
    if (await store.contains(commit(), mark)) return true;
    // The mark was pushed together with the branch, so a branch that is read after the shard has it.
    // A server may list the shard's ref later than the branch's: only a second look is after.
    await refresh();
    return await store.contains(commit(), mark, { thorough: true });
  }

  #warn(shard: string, settled: Oid): void {
    if (this.#warned.has(settled)) return;
    this.#warned.add(settled);
    log.warn(
      "shard {shard} is settled up to {settled}, which is not in {branch}: nothing new is claimed " +
        "there. Was the branch rewritten?",
      { shard, settled, branch: this.#branch.name() },
    );
  }
}
