/**
 * A process's way to the server: everything takes its time, and can go wrong.
 *
 * @module
 */
import { GitError } from "../../lib/git/git_error.ts";
import { MemoryStore } from "../../lib/ledger/memory_store.ts";
import type { CommitWriter, Oid, RefChange, Store, SwapOutcome } from "../../lib/ledger/store.ts";
import { swapOutcomes } from "../../lib/ledger/swap_outcomes.ts";
import type { Life } from "./life.ts";
import { LEASE_MS } from "./settings.ts";
import { OLDEST_LOOK_MS, pick, type PushFault } from "./weather.ts";
import { short, type World } from "./world.ts";

type Outcomes = Map<string, SwapOutcome>;

/** A push that was sent and not answered can still arrive so much later. */
const LATEST_MS = 4_000;
/** A push can arrive again so much later. */
const AGAIN_MS = 12_000;
/** How long an answer can take; the leases of those who wait for it lapse in thirds. */
const HANGS_MS: readonly (readonly [least: number, most: number])[] = [
  [500, 6_000],
  [LEASE_MS / 3, LEASE_MS * 2 / 3],
  [500, 15_000],
];
/** After these there is an answer, and a right one. */
const ANSWERED = new Set<PushFault | undefined>([
  undefined,
  "push: delivered twice",
  "push: answered late",
]);
/** Of the steps that mostly need no server, so many take a moment. */
const SLOW_STEPS = 0.2;

export class SimulatedStore implements Store {
  readonly #world: World;
  readonly #life: Life;
  readonly #inner: MemoryStore;
  readonly list: Store["list"];
  readonly diff: Store["diff"];
  readonly find: Store["find"];
  readonly contains: Store["contains"];
  readonly log: Store["log"];
  readonly follow: Store["follow"];
  readonly history: Store["history"];

  constructor(world: World, life: Life) {
    this.#world = world;
    this.#life = life;
    const inner = this.#inner = new MemoryStore(world.server, world.names);
    this.list = inner.list.bind(inner);
    this.diff = inner.diff.bind(inner);
    this.find = inner.find.bind(inner);
    this.contains = inner.contains.bind(inner);
    this.log = inner.log.bind(inner);
    this.follow = inner.follow.bind(inner);
    this.history = inner.history.bind(inner);
  }

  async refs(): Promise<Map<string, Oid>> {
    const refs = await this.#look();
    this.#life.seenBranch = refs.get(this.#world.names.branch);
    return refs;
  }

  async #look(): Promise<Map<string, Oid>> {
    const { weather, server } = this.#world;
    const fault = weather.lookFault();
    // Whatever moves while the answer is on its way is not in it.
    const refs = new Map(server.refs);
    await this.#ask("looking");
    if (fault === undefined) return refs;
    this.#world.tell(this.#life.label, () => `  ${fault}`);
    if (fault === "look: answered late") {
      await this.#hang();
      return refs;
    }
    if (fault === "look: fails") throw await this.#noAnswer("looking");
    return this.#oldRefs(refs, fault === "look: an old state");
  }

  #oldRefs(refs: Map<string, Oid>, isOneMoment: boolean): Map<string, Oid> {
    const world = this.#world;
    const draw = () => world.now - world.between(0, OLDEST_LOOK_MS);
    const moment = draw();
    const { branch } = world.names;
    const old = [...refs.keys()].map((ref): [string, Oid | undefined] => [
      ref,
      // There has always been a branch.
      world.refAt(ref, isOneMoment ? moment : draw()) ??
        (ref === branch ? refs.get(ref) : undefined),
    ]);
    return new Map(old.filter((entry): entry is [string, Oid] => entry[1] !== undefined));
  }

  async fetch(tips: Map<string, Oid>): Promise<void> {
    await this.#ask("fetching");
    return await this.#inner.fetch(tips);
  }

  async read(oids: Oid[], maxBytes: number): ReturnType<Store["read"]> {
    if (oids.length > 0 && this.#world.random() < SLOW_STEPS) await this.#ask("fetching");
    return await this.#inner.read(oids, maxBytes);
  }

  async write<T>(work: (writer: CommitWriter) => Promise<T>): Promise<T> {
    const { weather, written, random, now } = this.#world;
    if (random() < SLOW_STEPS) await this.#life.sleep(weather.latencyMs());
    return await this.#inner.write((writer) =>
      work({
        keep: (content) => writer.keep(content),
        commit: async (order) => {
          const oid = await writer.commit(order);
          if (order.message.endsWith("join the grid")) this.#life.registeringAt = now;
          if (!written.has(oid)) written.set(oid, { by: this.#life, at: now });
          this.#world.tell(this.#life.label, () => `commit ${short(oid)}: ${order.message}`);
          return oid;
        },
      })
    );
  }

  async swap(changes: RefChange[], { atomic }: { atomic: boolean }): Promise<Outcomes> {
    const { scheduler, weather } = this.#world;
    const fault = weather.pushFault(atomic ? 1 : changes.length);
    if (fault !== undefined) this.#world.tell(this.#life.label, () => `  ${fault}`);
    // What was sent arrives, even where the sender stands still meanwhile.
    await scheduler.sleep(weather.latencyMs());
    if (this.#isAway() || (this.#life.isDead && this.#world.random() < 0.5)) {
      throw await this.#noAnswer("pushing");
    }
    const answer = this.#deliver(changes, atomic, fault);
    await this.#life.sleep(weather.latencyMs());
    if (fault === "push: answered late") await this.#hang();
    if (ANSWERED.has(fault)) return await answer!;
    return await this.#withoutAnswer(changes, atomic, fault!);
  }

  /** @returns the server's answer, where there is one at once */
  #deliver(
    changes: RefChange[],
    atomic: boolean,
    fault?: PushFault,
  ): Promise<Outcomes> | undefined {
    const world = this.#world;
    const deliver = (changes: RefChange[]) =>
      world.deliver(this.#inner, changes, atomic, this.#life);
    switch (fault) {
      case "push: not delivered":
        return undefined;
      case "push: delivered late":
      case "push: delivered late, refs read":
        world.later(world.between(50, LATEST_MS), () => void deliver(changes));
        return undefined;
      case "push: delivered in part":
        return deliver(changes.filter(() => world.random() < 0.5));
      case "push: delivered twice":
        world.later(world.between(50, AGAIN_MS), () => void deliver(changes));
    }
    return deliver(changes);
  }

  /** Finds out what became of a push, as a store of Git does. */
  async #withoutAnswer(
    changes: RefChange[],
    atomic: boolean,
    fault: PushFault,
  ): Promise<Outcomes> {
    await this.#life.sleep(this.#world.between(10, 2_000));
    if (!fault.endsWith("refs read")) throw await this.#noAnswer("pushing");
    const refs = new Map(this.#world.server.refs);
    await this.#ask("reading what became of a push");
    return swapOutcomes(changes, [], refs, atomic);
  }

  async #ask(action: string): Promise<void> {
    await this.#life.sleep(this.#world.weather.latencyMs());
    if (this.#isAway()) throw await this.#noAnswer(action);
  }

  /** The line is slow, or the machine falls asleep, and nobody says so. */
  async #hang(): Promise<void> {
    const world = this.#world;
    const life = this.#life;
    const forMs = world.between(...pick(world.random, HANGS_MS));
    if (world.random() < 0.2 && life.role === "worker" && !life.isPaused) {
      world.weather.count("machine asleep");
      life.fallAsleep(2 * forMs);
      return await life.sleep(0);
    }
    life.noteTrouble(world.now + forMs);
    await life.sleep(forMs);
    // A line that hangs often breaks.
    if (world.weather.isCalm || world.random() < 0.5) return;
    world.weather.count("worker cut off");
    life.cutOff(world.between(1_000, 1.5 * LEASE_MS));
  }

  #isAway(): boolean {
    return this.#life.isCutOff || this.#world.isServerAway;
  }

  async #noAnswer(action: string): Promise<GitError> {
    this.#life.noteTrouble();
    await this.#life.sleep(this.#world.between(10, 1_000));
    this.#world.tell(this.#life.label, () => `  no answer: ${action}`);
    return new GitError(`${action}: no answer`, "unreachable", 128);
  }

  [Symbol.asyncDispose] = () => Promise.resolve();
}
