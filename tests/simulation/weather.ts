/**
 * Which faults there are, and how often each strikes in one run. A run that has every fault at every
 * moment shows less than many that have a few each, so the seed chooses.
 *
 * @module
 */

/** What can go wrong with a push. */
export const PUSH_FAULTS = [
  "push: answer lost, refs read",
  "push: answer lost",
  "push: not delivered",
  "push: delivered late",
  "push: delivered late, refs read",
  "push: delivered twice",
  "push: delivered in part",
  "push: answered late",
] as const;
export type PushFault = typeof PUSH_FAULTS[number];

/** What can go wrong with a look at the refs. */
export const LOOK_FAULTS = [
  "look: fails",
  "look: an old state",
  "look: answered late",
  "look: each ref at its own moment",
] as const;
export type LookFault = typeof LOOK_FAULTS[number];

/** What can go wrong with a process, the line or the server. */
export const EVENTS = [
  "kill, start again",
  "kill for good",
  "containers outlive their worker",
  "stop, start again",
  "stop before it works",
  "pause of a moment",
  "pause beyond the lease",
  "machine asleep",
  "worker cut off",
  "server away",
  "namesake",
  "clock off by a day",
  "clock jumps",
  "broken machinery",
] as const;
export type Event = typeof EVENTS[number];

/** A look can be answered with a state that is this old. */
export const OLDEST_LOOK_MS = 1_500;

export class Weather {
  readonly counts: Map<string, number>;
  readonly #random: () => number;
  readonly #pushRate: number;
  readonly #lookRate: number;
  readonly #latencyMs: number;
  readonly #pushFaults: readonly PushFault[];
  readonly #lookFaults: readonly LookFault[];
  /** Nothing goes wrong any more. */
  isCalm = false;

  constructor(random: () => number, counts: Map<string, number>) {
    this.#random = random;
    this.counts = counts;
    this.#pushRate = pick(random, [0, 0.05, 0.15, 0.3]);
    this.#lookRate = pick(random, [0, 0.05, 0.15, 0.4]);
    this.#latencyMs = pick(random, [5, 50, 300, 800]);
    this.#pushFaults = allOrFew(random, PUSH_FAULTS);
    this.#lookFaults = allOrFew(random, LOOK_FAULTS);
  }

  /** A message takes no longer. */
  get slowestMs(): number {
    return this.#latencyMs * 1.1;
  }

  /** How long a message is on its way, or something else that takes a moment. */
  latencyMs(): number {
    return this.#latencyMs * (0.1 + this.#random());
  }

  pushFault(refs: number): PushFault | undefined {
    const fault = this.#draw(this.#pushRate, this.#pushFaults);
    return fault === "push: delivered in part" && refs < 2 ? undefined : this.#counted(fault);
  }

  lookFault(): LookFault | undefined {
    return this.#counted(this.#draw(this.#lookRate, this.#lookFaults));
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  #draw<T extends string>(rate: number, kinds: readonly T[]): T | undefined {
    if (this.isCalm || rate === 0) return undefined;
    const random = this.#random();
    return random < rate ? kinds[Math.floor(random / rate * kinds.length)] : undefined;
  }

  #counted<T extends string>(fault: T | undefined): T | undefined {
    if (fault !== undefined) this.count(fault);
    return fault;
  }
}

/** All kinds, or a few: each of these then strikes so often that one meets what another has left. */
function allOrFew<T>(random: () => number, kinds: readonly T[]): T[] {
  const part = pick(random, [1, 0.3]);
  return kinds.filter(() => random() < part);
}

/** One of several, each as likely. */
export function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)];
}
