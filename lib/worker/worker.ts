/**
 * A worker: one loop that looks at the grid, says everything it has to say in one push, runs what
 * it won, and settles now and then (DESIGN.md section 5). Beside it, only the guard of its own lease.
 *
 * @module
 */
import type { Saying } from "../ledger/draft.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { countFinished } from "../ledger/settle.ts";
import { watchIntervalMs } from "../scheduling/lease.ts";
import { pollDelayMs, watchfulPollMs } from "../scheduling/pace.ts";
import { arrive } from "./arrival.ts";
import { Bell } from "./bell.ts";
import type { Choice } from "./candidates.ts";
import { Departure } from "./departure.ts";
import type { Ended } from "./ending.ts";
import { guardLease } from "./lease_guard.ts";
import { assemble, type Parts } from "./parts.ts";
import type { Spoken } from "./speaker.ts";
import { isPassing } from "./trouble.ts";
import { Warnings } from "./warnings.ts";
import type { WorkerCounters } from "./worker_counters.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** What is due and cannot be done, such as a heartbeat that is refused, makes nobody spin. */
const SHORTEST_PAUSE_MS = 50;

/** What a tick found. */
interface Tick {
  /** Whether something moved, or was said. */
  busy: boolean;
  /** Whether there is work that this node could run, now or later, here or elsewhere. */
  isWorkLeft: boolean;
}

export class Worker {
  /** What it has done so far. */
  readonly counters: WorkerCounters;
  readonly #ledger: Ledger;
  readonly #options: WorkerOptions;
  readonly #parts: Parts;
  readonly #departure: Departure;
  readonly #bell = new Bell();
  readonly #warnings = new Warnings();
  #executed = 0;
  /** Whether there was something to do at the last look that has to wait for a push. */
  #awaitsPush = false;
  /** How long, after the last look, until something may be taken that is left to others now. */
  #helpsInMs = Infinity;
  /** How many looks in a row have found nothing new. */
  #quietTicks = 0;

  constructor(ledger: Ledger, options: WorkerOptions) {
    this.#ledger = ledger;
    this.#options = options;
    const parts = this.#parts = assemble(ledger, options, (ended) => this.#noteEnd(ended));
    this.counters = parts.counters;
    this.#departure = new Departure(options, {
      ...parts,
      bell: this.#bell,
      pauseMs: () => this.#pauseMs(false),
      look: () => parts.watch.look(),
      deliver: () => this.#safely(() => this.#deliver()),
    });
  }

  /**
   * Works until it is told to stop or, with `exitWhenIdle`, until there is nothing left.
   *
   * @param stop take nothing new, finish what runs within the grace time, hand back the rest
   * @throws when the grid cannot be read or joined at the start, another process works under the
   * same name, or the last results could not be delivered
   */
  async run(stop: AbortSignal): Promise<void> {
    const ring = () => this.#bell.ring();
    stop.addEventListener("abort", ring);
    try {
      if (!await this.#arrive(stop)) return;
      await this.#underGuard(async () => {
        await this.#work(stop);
        await this.#departure.leave();
      });
    } finally {
      stop.removeEventListener("abort", ring);
    }
  }

  /** Looks at once, because somebody says that something moved. */
  wake(): void {
    this.#quietTicks = 0;
    this.#bell.ring();
  }

  /** Works while the lease is guarded; whatever happens, nothing runs on after it. */
  async #underGuard(work: () => Promise<void>): Promise<void> {
    const { clock } = this.#options;
    const over = new AbortController();
    const guarded = {
      ledger: this.#ledger,
      clock,
      presence: this.#parts.presence,
      slots: this.#parts.slots,
    };
    const guard = guardLease(guarded, over.signal);
    try {
      await work();
    } finally {
      this.#parts.slots.stopAll();
      await this.#parts.slots.ended();
      // Where all was said, nothing is left to keep.
      await this.#parts.outbox.keep();
      over.abort();
      await guard;
    }
  }

  #arrive(stop: AbortSignal): Promise<boolean> {
    return arrive({ ...this.#parts, ledger: this.#ledger, options: this.#options }, stop);
  }

  async #deliver(): Promise<void> {
    const { watch, pushes, speaker } = this.#parts;
    await watch.look();
    // Grace must not be spent on waiting for a turn.
    if (pushes.isOpen) await this.counters.timed("say", () => speaker.speak([]));
  }

  async #work(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const tick = await this.#safely(() => this.#tick());
      if (tick !== undefined && this.#isDone(tick.isWorkLeft)) return;
      this.#quietTicks = tick?.busy ? 0 : this.#quietTicks + 1;
      const pauseMs = this.#pauseMs(tick === undefined);
      await this.counters.timed("wait", () => this.#bell.wait(this.#options.clock, pauseMs));
    }
  }

  /** @param isCutOff whether the server could not be reached, so that nothing can be sent now */
  #pauseMs(isCutOff: boolean): number {
    const { pollMs, maxPollMs, random } = this.#options;
    const leaseMs = this.#leaseMs;
    const pushInMs = this.#parts.pushes.opensInMs;
    // What runs may be cancelled.
    const maxMs = this.#parts.slots.size > 0
      ? Math.min(maxPollMs, watchfulPollMs(pollMs))
      : maxPollMs;
    const wishes = [
      pollDelayMs({ pollMs, maxMs }, this.#quietTicks, random()),
      this.#parts.observer.watchInMs() ?? Infinity,
      this.#isHolding ? watchIntervalMs(leaseMs) : Infinity,
      this.#awaitsPush ? pushInMs : Infinity,
      ...isCutOff ? [] : [
        Math.max(this.#parts.presence.nextInMs(this.#isHolding), pushInMs),
        Math.max(this.#parts.settler.inMs, pushInMs),
        this.#helpsInMs,
        this.#parts.appetite.restsInMs,
      ],
    ];
    return Math.max(Math.min(...wishes), SHORTEST_PAUSE_MS);
  }

  get #isHolding(): boolean {
    return this.#parts.speaker.held.length > 0;
  }

  /** Does something; passing trouble is told, and undefined given, anything else is thrown. */
  async #safely<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      const done = await work();
      this.#warnings.clear("trouble");
      return done;
    } catch (error) {
      if (!isPassing(error)) throw error;
      this.counters.noteTrouble();
      this.#warnings.warn("trouble", error.message);
      this.#parts.readiness.noteTrouble(error);
      await this.#parts.outbox.keep();
      return undefined;
    }
  }

  async #tick(): Promise<Tick> {
    const beganMs = this.#options.clock.elapsedMs();
    const moved = await this.#parts.watch.look();
    const choice = await this.counters.timed(
      "choose",
      () => this.#parts.chooser.choose(this.#allowance()),
    );
    this.#helpsInMs = choice.helpsInMs;
    const { said, refused } = await this.#push(choice);
    if (said) this.#parts.rhythm.noteTick(this.#options.clock.elapsedMs() - beganMs);
    // What was said may have been the last that there was to do, and what was refused was taken by
    // others, so there may be something else: look again at once.
    if ((said && this.#parts.slots.size === 0) || refused) this.#bell.ring();
    return { busy: moved || said, isWorkLeft: choice.isWorkLeft };
  }

  /**
   * Says what there is to say and settles, as far as there may be a push now. Who finds something to
   * settle does that first, unless it has to show itself: what it has just seen is least likely to have
   * moved since, and where there may be only one push, those who always have something to say would
   * never settle.
   */
  async #push(choice: Choice): Promise<Spoken> {
    const isLate = this.#parts.pushes.takesTurn
      ? !this.#parts.presence.hasTime(this.#isHolding)
      : this.#parts.presence.nextInMs(this.#isHolding) === 0;
    let hasSettled = !isLate && await this.#settle();
    let spoken: Spoken = { said: false, refused: false };
    const news = this.#parts.chooser.sayingsOf(choice);
    if (this.#parts.pushes.isOpen && (isLate || this.#isWorthSaying(news))) {
      this.#parts.gathering.clear();
      this.counters.noteClaiming(choice.claimable, this.#parts.speaker.concerned);
      spoken = await this.counters.timed("say", () => this.#parts.speaker.speak(news));
      hasSettled ||= isLate && await this.#settle();
    }
    this.#awaitsPush = !this.#parts.pushes.isOpen &&
      (choice.isWorkLeft || this.#isHolding || countFinished(this.#ledger) > 0);
    return { ...spoken, said: spoken.said || hasSettled };
  }

  /** Whether there is something to be said that cannot wait for more. */
  #isWorthSaying(news: Saying[]): boolean {
    if (this.#parts.outbox.size > 0) this.#parts.gathering.note();
    // While something waits for its turn to run, so can further claims.
    const isUrgent = this.#parts.slots.waiting === 0 ||
      news.some(({ event }) => event.kind !== "claim");
    return isUrgent || this.#parts.gathering.inMs === 0;
  }

  #settle(): Promise<boolean> {
    return this.counters.timed("settle", () => this.#parts.settler.settleIfDue());
  }

  get #leaseMs(): number {
    return this.#ledger.main.settings.lease_seconds * 1000;
  }

  /** How many more attempts this worker may start. */
  #allowance(): number {
    const { maxTasks = Infinity } = this.#options;
    return maxTasks - this.#executed - this.#parts.slots.size;
  }

  #isDone(isWorkLeft: boolean): boolean {
    if (this.#parts.slots.size > 0 || this.#parts.outbox.size > 0) return false;
    return this.#allowance() <= 0 || (this.#options.exitWhenIdle && !isWorkLeft);
  }

  #noteEnd({ saying, broken, ranMs }: Ended): void {
    if (saying !== undefined) this.#parts.outbox.add(saying);
    if (saying?.event.kind === "report") this.#executed++;
    if (broken !== undefined) {
      this.#parts.readiness.noteBroken(broken);
      this.#parts.slots.stopWaiting(0);
    }
    if (ranMs !== undefined) {
      this.#parts.rhythm.noteTask(ranMs);
      this.counters.noteRun(ranMs);
    }
    this.#parts.gathering.note();
    this.#bell.ringBy(this.#options.clock.elapsedMs() + this.#parts.gathering.inMs);
  }
}
