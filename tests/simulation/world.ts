/**
 * What all processes of one run share: time, chance, the server, and who watches them.
 *
 * @module
 */
import { MemoryServer, type MemoryStore } from "../../lib/ledger/memory_store.ts";
import type { Oid, RefChange, SwapOutcome } from "../../lib/ledger/store.ts";
import { RefNames } from "../../lib/protocol/layout.ts";
import { seeded } from "../support/memory_grid.ts";
import type { Life, Span } from "./life.ts";
import { Scheduler } from "./scheduler.ts";
import { pick, Weather } from "./weather.ts";

/** What commits are about, as their messages say it. */
const DEEDS = [
  "claim",
  "report",
  "hand back",
  "take away",
  "cancel",
  "settle",
  "settled",
  "submit",
  "retry",
];

/** A ref that a push has moved. */
export interface Moved {
  ref: string;
  before?: Oid;
  after?: Oid;
}

/** Who made a commit, and when. */
export interface Written {
  by: Life;
  at: number;
}

/** Watches what happens; see `checker/checker.ts`. */
export interface Watcher {
  noteMoved(moved: Moved[], by: Life): void;
}

export class World {
  readonly scheduler = new Scheduler();
  readonly server = new MemoryServer();
  readonly names = new RefNames();
  readonly random: () => number;
  readonly weather: Weather;
  /** How many pushes a minute the workers make together at most; undefined where as many as they like. */
  readonly pushBudget?: number;
  /** After so many lost owners a task is given up. */
  readonly maxAttempts: number;
  readonly written = new Map<Oid, Written>();
  /** What each ref has named, from when on; the newest last. */
  readonly past = new Map<string, { at: number; oid?: Oid }[]>();
  /** When the server was away. */
  readonly outages: Span[] = [];
  watcher?: Watcher;
  /** How many pushes are still on their way though nobody waits for them. */
  onTheirWay = 0;

  /**
   * @param trace what happened, line by line; undefined where nobody wants to read it
   */
  constructor(seed: number, counts: Map<string, number>, readonly trace?: string[]) {
    // Not by chance, so that all other seeds are as they would be without.
    this.pushBudget = seed % 8 === 7 ? 50 + seed % 11 : undefined;
    this.random = seeded(seed);
    this.weather = new Weather(this.random, counts);
    this.maxAttempts = pick(this.random, [1, 2, 3]);
  }

  get now(): number {
    return this.scheduler.now;
  }

  get isServerAway(): boolean {
    return (this.outages.at(-1)?.until ?? 0) > this.now;
  }

  /** Adds a line to the trace. */
  tell(who: string, what: () => string): void {
    this.trace?.push(`${this.now.toFixed(1).padStart(9)}  ${who.padEnd(10)} ${what()}`);
  }

  /** Delivers a push that nobody waits for. */
  later(delayMs: number, deliver: () => void): void {
    this.onTheirWay++;
    this.scheduler.in(delayMs, () => {
      this.onTheirWay--;
      deliver();
    });
  }

  /** A random number of milliseconds. */
  between(lowMs: number, highMs: number): number {
    return lowMs + this.random() * (highMs - lowMs);
  }

  /** When a ref last moved; -Infinity where it never did. */
  movedAt(ref: string): number {
    return this.past.get(ref)?.at(-1)?.at ?? -Infinity;
  }

  /** What a ref named at a moment of the past. */
  refAt(ref: string, moment: number): Oid | undefined {
    const past = this.past.get(ref) ?? [];
    for (let index = past.length - 1; index >= 0; index--) {
      if (past[index].at <= moment) return past[index].oid;
    }
    return undefined;
  }

  /** A push arrives at the server. */
  async deliver(
    store: MemoryStore,
    changes: RefChange[],
    atomic: boolean,
    by: Life,
  ): Promise<Map<string, SwapOutcome>> {
    const { refs } = this.server;
    const before = changes.map(({ ref }) => refs.get(ref));
    const answer = store.swap(changes, { atomic });
    const moved = changes.flatMap(({ ref }, index): Moved[] => {
      const after = refs.get(ref);
      return after === before[index] ? [] : [{ ref, before: before[index], after }];
    });
    this.#countRaces(changes);
    this.tell(
      by.label,
      () => `  arrived: ${changes.map((change) => this.#fate(change)).join("; ")}`,
    );
    if (moved.length > 0) this.#note(moved, by);
    return await answer;
  }

  #note(moved: Moved[], by: Life): void {
    for (const { ref, after } of moved) {
      const past = this.past.get(ref) ?? [];
      past.push({ at: this.now, oid: after });
      this.past.set(ref, past);
    }
    this.watcher?.noteMoved(moved, by);
  }

  /** Counts who was faster than whom. */
  #countRaces(changes: RefChange[]): void {
    for (const { ref, next } of changes) {
      const winner = this.server.refs.get(ref);
      if (winner === next || winner === undefined || next === undefined) continue;
      for (const deed of this.#deedsOf(next)) {
        for (const other of this.#deedsOf(winner)) {
          this.weather.count(`race: ${deed} lost to ${other}`);
        }
      }
    }
  }

  /** What a commit is about, by the verbs of its message. */
  #deedsOf(commit: Oid): string[] {
    const { message } = this.server.commits.get(commit)!;
    return DEEDS.filter((deed) => message.includes(`${deed} `));
  }

  #fate({ ref, next }: RefChange): string {
    const isThere = this.server.refs.get(ref) === next;
    return `${ref.replace(/^refs\/(heads|dgrid)\//, "")} ${isThere ? "is" : "is NOT"} ${
      short(next)
    }`;
  }
}

/** The end of an id that tells it from others. */
export function short(oid: Oid | undefined): string {
  return oid === undefined ? "nothing" : oid.replace(/^0+/, "");
}
