/**
 * What a worker has done, how long what it began had waited, and where its time goes. Only numbers
 * are kept, so counting costs next to nothing; nothing of it goes into the repository.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Heard, Saying } from "../ledger/draft.ts";
import type { Candidate } from "./candidates.ts";
import { type DelayCounts, Delays } from "./delays.ts";

/**
 * What the worker's loop is at; one thing at a time, so together they are the worker's whole life.
 *
 * - `look`: reads what has moved
 * - `choose`: finds out what it could do
 * - `say`: commits and pushes what it has to say
 * - `prepare`: reads what it has won, and begins it
 * - `settle`: folds what is finished into the branch, if that is due
 * - `wait`: does nothing
 * - `other`: arrives, or does what is in between
 */
export const PHASES = ["look", "choose", "say", "prepare", "settle", "wait", "other"] as const;
export type Phase = typeof PHASES[number];

/** All that is counted, as a record for programs. */
export interface WorkerCounts {
  /** When the worker began, by this machine's clock. */
  started_at: string;
  uptime_ms: number;
  ticks: {
    /** Looks at the grid that came to their end. */
    count: number;
    /** Those that found something new. */
    with_news: number;
    /** How often the server, the branch or its settings stood in the way. */
    failed: number;
  };
  /** Tasks that this node wanted: how many it asked for, got, and found taken by others. */
  claims: { said: number; won: number; refused: number };
  /** Of each attempt that was begun here: how long this node had seen it wait, and due. */
  queue_delay: DelayCounts;
  /** Attempts that ran to their end; several can run at once. */
  runs: { count: number; ms: number };
  phases_ms: Record<Phase, number>;
  /** What the loop is at. */
  phase: Phase;
}

export class WorkerCounters {
  readonly #clock: Pick<Clock, "now" | "elapsedMs">;
  readonly #startedAt: Date;
  readonly #startedMs: number;
  readonly #phasesMs = new Map<Phase, number>();
  #phase: Phase = "other";
  /** Since when. */
  #phaseMs: number;
  readonly #ticks = { count: 0, with_news: 0, failed: 0 };
  readonly #claims = { said: 0, won: 0, refused: 0 };
  readonly #runs = { count: 0, ms: 0 };
  readonly #delays = new Delays();
  /** Since when the tasks have waited that are claimed and not begun yet. */
  #waiting = new Map<string, number>();

  constructor(clock: Pick<Clock, "now" | "elapsedMs">) {
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#startedMs = this.#phaseMs = clock.elapsedMs();
  }

  /** Does something; its time counts for this phase, and not for the one that it is a part of. */
  async timed<T>(phase: Phase, work: () => Promise<T>): Promise<T> {
    const outer = this.#enter(phase);
    try {
      return await work();
    } finally {
      this.#enter(outer);
    }
  }

  #roundedPhases(): Record<Phase, number> {
    const entries = PHASES.map((phase) => [phase, Math.round(this.#phasesMs.get(phase) ?? 0)]);
    return Object.fromEntries(entries);
  }

  /** @returns the phase that it was before */
  #enter(phase: Phase): Phase {
    const before = this.#phase;
    const nowMs = this.#clock.elapsedMs();
    const soFarMs = this.#phasesMs.get(before) ?? 0;
    this.#phasesMs.set(before, soFarMs + nowMs - this.#phaseMs);
    this.#phase = phase;
    this.#phaseMs = nowMs;
    return before;
  }

  /** @param isNews whether anything had moved */
  noteLook(isNews: boolean): void {
    this.#ticks.count++;
    if (isNews) this.#ticks.with_news++;
  }

  /** Notes trouble that will pass. */
  noteTrouble(): void {
    this.#ticks.failed++;
  }

  /**
   * Notes what is going to be claimed.
   *
   * @param concerned what is in hand, or may be; of all else is forgotten how long it has waited
   */
  noteClaiming(candidates: Candidate[], concerned: string[]): void {
    const waiting = new Map<string, number>();
    for (const id of concerned) {
      const sinceMs = this.#waiting.get(id);
      if (sinceMs !== undefined) waiting.set(id, sinceMs);
    }
    for (const { task_id, sinceMs } of candidates) waiting.set(task_id, sinceMs);
    this.#waiting = waiting;
  }

  /** Notes how claims among sayings were answered. */
  noteAnswers(sayings: Saying[], answers: Heard[]): void {
    sayings.forEach(({ event }, index) => {
      if (event.kind !== "claim") return;
      const answer = answers[index];
      this.#claims.said++;
      if (answer.heard) this.#claims.won++;
      else if (answer.refusal !== undefined) this.#claims.refused++;
    });
  }

  /** Notes that an attempt's turn has come. */
  noteBegun(taskId: string): void {
    const sinceMs = this.#waiting.get(taskId);
    if (sinceMs === undefined) return;
    this.#waiting.delete(taskId);
    this.#delays.note(Math.max(0, this.#clock.elapsedMs() - sinceMs));
  }

  /** Notes an attempt that ran to its end. */
  noteRun(milliseconds: number): void {
    this.#runs.count++;
    this.#runs.ms += milliseconds;
  }

  /** Everything up to now; times in whole milliseconds. */
  snapshot(): WorkerCounts {
    this.#enter(this.#phase);
    const { count, ms } = this.#runs;
    return {
      started_at: this.#startedAt.toISOString(),
      uptime_ms: Math.round(this.#clock.elapsedMs() - this.#startedMs),
      ticks: { ...this.#ticks },
      claims: { ...this.#claims },
      queue_delay: this.#delays.snapshot(),
      runs: { count, ms: Math.round(ms) },
      phases_ms: this.#roundedPhases(),
      phase: this.#phase,
    };
  }
}
