/**
 * A process's view of one grid: the branch and the sixteen shards, as they were when it last looked.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { Unadvertised } from "../git/unadvertised.ts";
import { shardOf, SHARDS } from "../protocol/identity.ts";
import type { RefNames } from "../protocol/layout.ts";
import type { LiveState } from "../protocol/live_state.ts";
import { type Settings, SETTINGS_PATH } from "../protocol/settings.ts";
import { BadSettings, MainView, readMain, readSettings } from "./main_view.ts";
import { OPEN_GATE, type PushGate } from "./push_gate.ts";
import { SettledMarks } from "./settled_marks.ts";
import { EMPTY_SHARD, readShards, type ShardView } from "./shard_view.ts";
import type { Oid, Store } from "./store.ts";

/** So often refs that move under our eyes are looked at anew before the next tick is waited for. */
const MAX_LOOKS = 5;

/** Who writes, when, and how chance is drawn; passed in, so that tests decide all three. */
export interface Writer {
  /** Stands in commit messages and as their author. */
  name: string;
  email: string;
  clock: Clock;
  /** From 0 to less than 1. */
  random(): number;
}

/** Whether to read a shard that has moved. */
export type ShardChoice = (shard: string) => boolean;

export interface RefreshOptions {
  /**
   * Which shards to read, should they have moved; asked before and after the branch is read. What is
   * passed over is shown as it was, until it is wanted. By default all are.
   */
  wantedShards?(): ShardChoice;
  /** Told that something has moved, before any of it is read. */
  onNews?(): void;
}

/** There is no grid at that address. */
export class NoGrid extends Error {
  override name = "NoGrid";
}

/** The live edge is to be elsewhere from now on, and this process has worked on the former one. */
export class RefPrefixChanged extends Error {
  override name = "RefPrefixChanged";
  constructor(from: string, to: string) {
    super(
      `reading the grid: ref_prefix has changed from ${from} to ${to}: set it back, stop all ` +
        "workers, settle, then change it and start them again",
    );
  }
}

/** The grid as somebody sees it who needs nothing of the queue. */
export interface Glance {
  refs: ReadonlyMap<string, Oid>;
  /** What the branch names. */
  commit: Oid;
  settings: Settings;
}

export class Ledger {
  #names: RefNames;
  /** Whether the live edge was looked at: under these names, then, this process works. */
  #hasLooked = false;
  #refs = new Map<string, Oid>();
  #main?: MainView;
  readonly #noMain = new MainView();
  #shards = new Map<string, ShardView>(SHARDS.map((shard) => [shard, EMPTY_SHARD]));
  readonly #marks: SettledMarks;
  /** What all pushes of this process go through. */
  gate: PushGate = OPEN_GATE;

  constructor(
    readonly store: Store,
    names: RefNames,
    readonly writer: Writer,
  ) {
    this.#names = names;
    this.#marks = new SettledMarks({
      store,
      commit: () => this.main.commit,
      refresh: () => this.refreshMain(),
      name: () => this.names.branch,
    });
  }

  /**
   * The names of the refs. Until the first look, those of the live edge are a guess: only the branch
   * tells where it is.
   */
  get names(): RefNames {
    return this.#names;
  }

  /** The refs as they were last seen. */
  get refs(): ReadonlyMap<string, Oid> {
    return this.#refs;
  }

  /** The branch as it was last seen. An empty grid where the branch does not exist yet. */
  get main(): MainView {
    return this.#main ?? this.#noMain;
  }

  /** The commit of the branch as last seen; undefined where there is no branch yet. */
  get mainCommit(): Oid | undefined {
    return this.#main?.commit;
  }

  shard(shard: string): ShardView {
    return this.#shards.get(shard)!;
  }

  /** Whether a shard is shown as it was at the last look; it is not where it was of no interest then. */
  isCurrent(shard: string): boolean {
    return this.shard(shard).tip === this.#refs.get(this.names.shard(shard));
  }

  get shards(): ReadonlyMap<string, ShardView> {
    return this.#shards;
  }

  /**
   * A task's state on the live edge, undefined where it has none.
   *
   * @param shard the task's, where it is known already
   */
  stateOf(taskId: string, shard: string = shardOf(taskId)): LiveState | undefined {
    return this.shard(shard).tasks.get(taskId)?.state;
  }

  /** All states on the live edge. */
  *states(): Generator<LiveState> {
    for (const { tasks } of this.#shards.values()) {
      for (const { state } of tasks.values()) yield state;
    }
  }

  /**
   * Looks at the server and reads what has moved.
   *
   * @returns whether anything that matters to tasks has moved; heartbeats do not
   * @throws {NoGrid} when the branch does not exist
   * @throws {RefPrefixChanged} when the live edge is elsewhere since an earlier look
   */
  async refresh(options: RefreshOptions = {}): Promise<boolean> {
    return await this.#untilAdvertised(() => this.#refreshOnce(options));
  }

  /**
   * Looks at the server for somebody who only adds to the branch: brings commits and trees here, and
   * reads the settings alone. What this view says stays as it was, so the cost does not depend on the
   * contents in the queue.
   *
   * @throws {NoGrid} when the branch does not exist
   * @throws {RefPrefixChanged} when the live edge is elsewhere since an earlier look
   */
  async glance(): Promise<Glance> {
    return await this.#untilAdvertised(async () => {
      const refs = this.#hasLooked ? await this.#look() : await this.#findLiveEdge();
      await this.store.fetch(new Map([...refs].filter(([ref, oid]) => this.#isNews(ref, oid))));
      const commit = refs.get(this.names.branch)!;
      const settings = await readSettings(this.store, commit);
      this.#refuseOtherPrefix(settings);
      return { refs, commit, settings };
    });
  }

  async #untilAdvertised<T>(look: () => Promise<T>): Promise<T> {
    for (let looks = 1;; looks++) {
      try {
        return await look();
      } catch (error) {
        // Somebody moved a ref between the list and the fetch.
        if (!(error instanceof Unadvertised) || looks === MAX_LOOKS) throw error;
      }
    }
  }

  async #refreshOnce(
    { wantedShards = () => () => true, onNews }: RefreshOptions,
  ): Promise<boolean> {
    const refs = this.#hasLooked ? await this.#look() : await this.#findLiveEdge();
    const news = [...refs].filter(([ref, oid]) => this.#isNews(ref, oid));
    if (news.length > 0) onNews?.();
    const isWanted = wantedShards();
    let moved = news.filter(([ref]) => this.#isRead(ref, isWanted));
    if (moved.length > 0) await this.store.fetch(new Map(moved));
    this.#refs = refs;
    await this.#readShards(isWanted);
    await this.#readMain(refs.get(this.names.branch)!);
    this.#hasLooked = true;
    // What is new on the branch may be on a shard that was of no interest before.
    const isWantedNow = wantedShards();
    const late = news.filter(([ref]) =>
      !this.#isRead(ref, isWanted) && this.#isRead(ref, isWantedNow)
    );
    if (late.length > 0) {
      await this.store.fetch(new Map(late));
      await this.#readShards(isWantedNow);
      moved = [...moved, ...late];
    }
    return moved.length > 0;
  }

  /** Whether a ref that has moved is to be read. */
  #isRead(ref: string, isWanted: ShardChoice): boolean {
    const shard = this.names.shardIn(ref);
    return shard === undefined || isWanted(shard);
  }

  /**
   * Whether our view of the branch reaches what a shard was settled up to. If not, a task without
   * an entry may have been settled already, so nobody may claim it (DESIGN.md section 4, rule 2).
   * May bring the view of the branch up to date to find out.
   */
  async reachesSettledMark(shard: string): Promise<boolean> {
    return await this.#marks.reaches(shard, this.shard(shard).settled);
  }

  /**
   * Whether nothing can be begun on a task that has no state, by what is known already: its entry
   * cannot be read, or the branch does not reach the mark of its shard.
   *
   * @param shard the task's, where it is known already
   */
  isBlocked(taskId: string, shard: string = shardOf(taskId)): boolean {
    const { broken, settled } = this.shard(shard);
    return broken.has(taskId) || this.#marks.isUnreached(settled);
  }

  /** Notes what this process has just written to a shard. */
  noteShard(shard: string, view: ShardView): void {
    this.#shards.set(shard, view);
    if (view.tip !== undefined) this.#refs.set(this.names.shard(shard), view.tip);
  }

  /** Notes that this process has just moved a ref that is no task's and not the branch. */
  noteRef(ref: string, commit: Oid): void {
    this.#refs.set(ref, commit);
  }

  /** Notes that this process has just moved the branch. */
  async noteMain(commit: Oid): Promise<void> {
    this.#refs.set(this.names.branch, commit);
    await this.#readMain(commit);
  }

  /**
   * Looks at the branch alone and reads it. Where no {@link refresh} came before, the live edge stays
   * unknown, wherever the settings say that it is.
   *
   * @throws {NoGrid} when the branch does not exist
   */
  async refreshMain(): Promise<void> {
    const main = (await this.#look()).get(this.names.branch)!;
    await this.store.fetch(new Map([[this.names.branch, main]]));
    await this.noteMain(main);
  }

  /** The refs as the server has them, the branch among them. */
  async #look(): Promise<Map<string, Oid>> {
    const refs = await this.store.refs();
    const { branch } = this.names;
    if (!refs.has(branch)) throw new NoGrid(`reading the grid: there is no ${branch}`);
    return refs;
  }

  /** Looks where the settings on the branch say that the live edge is. */
  async #findLiveEdge(): Promise<Map<string, Oid>> {
    while (true) {
      const refs = await this.#look();
      const main = refs.get(this.names.branch)!;
      await this.store.fetch(new Map([[this.names.branch, main]]));
      const { ref_prefix } = await readSettings(this.store, main);
      if (ref_prefix === this.names.prefix) return refs;
      await this.#follow(this.names.under(ref_prefix));
    }
  }

  async #follow(names: RefNames): Promise<void> {
    const { prefix, clash } = names;
    if (clash !== undefined) {
      throw new BadSettings(`reading ${SETTINGS_PATH}: ref_prefix: "${prefix}": ${clash}`);
    }
    await this.store.follow(names);
    this.#names = names;
  }

  #refuseOtherPrefix({ ref_prefix }: Settings): void {
    if (!this.#hasLooked || ref_prefix === this.names.prefix) return;
    throw new RefPrefixChanged(this.names.prefix, ref_prefix);
  }

  #isNews(ref: string, oid: Oid): boolean {
    if (ref === this.names.branch) return this.#main?.commit !== oid;
    const shard = this.names.shardIn(ref);
    return shard !== undefined && this.shard(shard).tip !== oid;
  }

  async #readMain(commit: Oid): Promise<void> {
    if (this.#main?.commit === commit) return;
    const main = await readMain(this.store, commit, this.#main);
    this.#refuseOtherPrefix(main.settings);
    this.#main = main;
    this.#marks.forget();
  }

  async #readShards(isWanted: ShardChoice): Promise<void> {
    const moved = SHARDS.flatMap((shard) => {
      const tip = this.#refs.get(this.names.shard(shard));
      const before = this.shard(shard);
      if (tip === undefined) this.#shards.set(shard, EMPTY_SHARD);
      return tip === undefined || tip === before.tip || !isWanted(shard)
        ? []
        : [{ shard, tip, before }];
    });
    const views = await readShards(this.store, moved);
    for (const [shard, view] of views) this.#shards.set(shard, view);
  }
}
