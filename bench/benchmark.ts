/**
 * What a benchmark is: figures of D-GRID and, round by round in the same run, of what it is compared
 * with.
 *
 * @module
 */

/** Figures by name; a list where one round gives many, such as a latency for each task. */
export type Figures = Record<string, number | number[]>;

/** How the figures of all rounds become the one that is judged. */
export type Statistic = "median" | "p99" | "most" | "least";

/** What a figure must reach. */
export interface Target {
  figure: string;
  /**
   * - `ratio`: ours, divided by the reference's
   * - `count`: ours, in something that is the same on every machine: requests, bytes, lost swaps
   * - `machine`: ours, in something that the machine has a part in: seconds, MB, tasks a second
   */
  of: "ratio" | "count" | "machine";
  /** Default: the median. */
  statistic?: Statistic;
  /** It must be at least this, or at most; where absent, only the short form has a bound. */
  bound?: Bound;
  /**
   * What is a regression in the short form, where less is measured: about half of what is reached.
   * Nothing is where absent.
   */
  shortBound?: Bound;
}

export type Bound = { least: number } | { most: number };

/** What a benchmark is given for all its rounds. */
export interface Setting {
  /** Whether smaller sizes are wanted. */
  short: boolean;
  /** A folder of its own, removed afterwards. */
  folder: string;
  /** What has to be ended afterwards: servers, say. */
  stack: AsyncDisposableStack;
}

/** What one measurement is given. */
export interface Round {
  /** From 0. */
  number: number;
  /** A folder of its own, removed afterwards. */
  folder: string;
}

/** What is measured, once all is ready. */
export interface Sides {
  own(round: Round): Promise<Figures>;
  /** Absent where there is nothing to compare with. */
  reference?(round: Round): Promise<Figures>;
}

export interface Benchmark {
  name: string;
  /** What is measured, in a few words. */
  measures: string;
  /** What it is compared with; absent where nothing is. */
  against?: string;
  targets: Target[];
  /** How often both sides are measured; 1 where the same comes out every time. */
  rounds?: { full: number; short: number };
  /** Why it cannot be measured on this machine, or undefined. */
  missing?(): Promise<string | undefined>;
  /** Gets ready what all rounds share. */
  prepare(setting: Setting): Promise<Sides>;
}

/** How often a benchmark is measured that says nothing else. */
export const ROUNDS = { full: 5, short: 3 } as const;
