/**
 * A process from its start to its end: its clock, and that it can be stopped or killed at any moment.
 *
 * @module
 */
import type { Clock } from "../../lib/clock.ts";
import type { Oid } from "../../lib/ledger/store.ts";
import type { Scheduler } from "./scheduler.ts";

/** When the simulated world begins, by a clock that is right. */
const EPOCH = Date.UTC(2026, 0, 1);

/** From one moment to another. */
export interface Span {
  from: number;
  until: number;
}

/** What a process is there for. */
export type Role = "founder" | "worker" | "submitter" | "canceller" | "retrier" | "settler";

export class Life implements Clock {
  /** What it goes by in the trace: tells namesakes apart. */
  label: string;
  /** When it was killed or ended; undefined while it lives. */
  diedAt?: number;
  readonly bornAt: number;
  /** Stands still until then: SIGSTOP, or a machine without time for it. */
  pausedUntil = 0;
  /** Cannot reach the server until then. */
  cutOffUntil = 0;
  /** Its machine was asleep until then, its clock and its containers, too. */
  asleepUntil = -Infinity;
  /** For how long it was asleep in all. */
  sleptMs = 0;
  /** When something last kept it from what it should do. */
  lastTroubleAt = -Infinity;
  /** When it stood still or was cut off. */
  readonly absences: Span[] = [];
  /** When it first showed itself as a worker that has its name. */
  joinedAt = Infinity;
  /** When it last tried to record itself on the branch; meanwhile it answers nobody. */
  registeringAt = -Infinity;
  /** The branch as it last saw it. */
  seenBranch?: Oid;

  /**
   * @param wallOffsetMs how far its wall clock is off
   */
  constructor(
    readonly scheduler: Scheduler,
    readonly name: string,
    readonly role: Role,
    public wallOffsetMs: number,
    private readonly originMs: number,
  ) {
    this.bornAt = scheduler.now;
    this.label = name;
  }

  now(): Date {
    return new Date(EPOCH + this.wallOffsetMs + this.scheduler.now);
  }

  elapsedMs(): number {
    return this.originMs + this.scheduler.now - this.sleptMs;
  }

  wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const abort = () => {
        callOff();
        resolve();
      };
      const callOff = this.in(milliseconds, () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      });
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /**
   * Does something of this process later; where it stands still then, afterwards.
   *
   * @returns calls it off
   */
  in(delayMs: number, run: () => void): () => void {
    let isOff = false;
    const attempt = () => {
      if (this.isDead || isOff) return;
      if (this.isPaused) this.scheduler.at(this.pausedUntil, attempt);
      else run();
    };
    const event = this.scheduler.in(delayMs, attempt);
    return () => {
      isOff = true;
      event.run = undefined;
    };
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.in(delayMs, resolve));
  }

  die(): void {
    this.diedAt ??= this.scheduler.now;
  }

  get isDead(): boolean {
    return this.diedAt !== undefined;
  }

  get isPaused(): boolean {
    return this.pausedUntil > this.scheduler.now;
  }

  get isCutOff(): boolean {
    return this.cutOffUntil > this.scheduler.now;
  }

  pause(forMs: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, this.#away(forMs));
  }

  /** Its machine sleeps, as a laptop does that is closed: only the wall clock goes on. */
  fallAsleep(forMs: number): void {
    this.pause(forMs);
    this.asleepUntil = Math.max(this.asleepUntil, this.pausedUntil);
    this.sleptMs += forMs;
  }

  cutOff(forMs: number): void {
    this.cutOffUntil = Math.max(this.cutOffUntil, this.#away(forMs));
  }

  /** Notes that something keeps it from what it should do. */
  noteTrouble(until: number = this.scheduler.now): void {
    this.lastTroubleAt = Math.max(this.lastTroubleAt, until);
  }

  #away(forMs: number): number {
    const from = this.scheduler.now;
    const until = from + forMs;
    this.absences.push({ from, until });
    this.noteTrouble(until);
    return until;
  }
}
