/**
 * A simulated Git host far away that counts pushes, and its time.
 *
 * @module
 */
import { Ledger } from "../lib/ledger/ledger.ts";
import type { MemoryStore } from "../lib/ledger/memory_store.ts";
import type { RefChange, SwapOutcome } from "../lib/ledger/store.ts";
import { Life } from "../tests/simulation/life.ts";
import { SimulatedStore } from "../tests/simulation/simulated_store.ts";
import { Weather } from "../tests/simulation/weather.ts";
import { World } from "../tests/simulation/world.ts";

const MINUTE_MS = 60_000;
/** A message to the host, or back, takes so long. */
const LATENCY_MS = { least: 50, most: 150 } as const;

/** A line on which nothing goes wrong, and everything takes its time. */
class CalmLine extends Weather {
  override isCalm = true;

  constructor(private readonly chance: () => number) {
    super(chance, new Map());
  }

  override latencyMs(): number {
    return LATENCY_MS.least + (LATENCY_MS.most - LATENCY_MS.least) * this.chance();
  }
}

export class BusyWorld extends World {
  override readonly weather: Weather = new CalmLine(this.random);
  /** When a push has reached the host, whatever became of it. */
  readonly pushesAt: number[] = [];
  /** When a push has moved something. */
  readonly movesAt: number[] = [];

  constructor(seed: number) {
    super(seed, new Map());
  }

  /** A process's view of the grid, and its clock. */
  open(name: string): { ledger: Ledger; clock: Life } {
    const clock = new Life(this.scheduler, name, "worker", 0, 0);
    const writer = { name, email: `${name}@example.com`, clock, random: this.random };
    return { ledger: new Ledger(new SimulatedStore(this, clock), this.names, writer), clock };
  }

  override async deliver(
    store: MemoryStore,
    changes: RefChange[],
    atomic: boolean,
    by: Life,
  ): Promise<Map<string, SwapOutcome>> {
    const atMs = this.now;
    if (this.#isSent(changes, atomic)) this.pushesAt.push(atMs);
    const outcomes = await super.deliver(store, changes, atomic, by);
    if ([...outcomes.values()].some(({ done }) => done)) this.movesAt.push(atMs);
    return outcomes;
  }

  /**
   * The host first lists its refs. What does not fit to the list, Git refuses by itself: it was a
   * question, and no push.
   */
  #isSent(changes: RefChange[], atomic: boolean): boolean {
    const listedAtMs = this.now - 2 * LATENCY_MS.most;
    const fits = ({ ref, expected }: RefChange) => this.refAt(ref, listedAtMs) === expected;
    return atomic ? changes.every(fits) : changes.some(fits);
  }
}

/** The most moments that there are in any minute. */
export function mostInAMinute(momentsMs: number[]): number {
  const sorted = momentsMs.toSorted((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < sorted.length; last++) {
    while (sorted[last] - sorted[first] >= MINUTE_MS) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
