/**
 * A worker: one loop that looks at the grid, says everything it has to say in one push, runs what
 * it won, and settles now and then (DESIGN.md section 5). Beside it, only the guard of its own lease.
 *
 * @module
 */
import type { Saying } from "../ledger/draft.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { settledAmong } from "../ledger/results.ts";
import { countFinished } from "../ledger/settle.ts";
import { watchIntervalMs } from "../scheduling/lease.ts";
import { pollDelayMs, watchfulPollMs } from "../scheduling/pace.ts";
import { Appetite } from "./appetite.ts";
import { arrive } from "./arrival.ts";
import { Bell } from "./bell.ts";
import { type Choice, findWork } from "./candidates.ts";
import { Departure } from "./departure.ts";
import type { Ended } from "./ending.ts";
import { Gathering } from "./gathering.ts";
import { guardLease } from "./lease_guard.ts";
import { Namesake } from "./namesake.ts";
import { Neighbours } from "./neighbours.ts";
import { Observer } from "./observer.ts";
import { Outbox } from "./outbox.ts";
import { Precedence } from "./precedence.ts";
import { Presence } from "./presence.ts";
import { Pushes } from "./pushes.ts";
import { QueueOrder } from "./queue_order.ts";
import { Rhythm } from "./rhythm.ts";
import { Readiness } from "./readiness.ts";
import { Registrar } from "./registrar.ts";
import { claimSayings, expireSayings, rejectSayings } from "./sayings.ts";
import { Settler } from "./settler.ts";
import { Slots } from "./slots.ts";
import { Speaker, type Spoken } from "./speaker.ts";
import { isPassing } from "./trouble.ts";
import { Warnings } from "./warnings.ts";
import { WorkerCounters } from "./worker_counters.ts";
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
  readonly #slots: Slots;
  readonly #presence: Presence;
  readonly #namesake: Namesake;
  readonly #observer: Observer;
  readonly #neighbours: Neighbours;
  readonly #pushes: Pushes;
  readonly #rhythm = new Rhythm();
  readonly #order: QueueOrder;
  readonly #precedence: Precedence;
  readonly #registrar: Registrar;
  readonly #appetite: Appetite;
  readonly #readiness: Readiness;
  readonly #gathering: Gathering;
  readonly #settler: Settler;
  readonly #outbox: Outbox;
  readonly #speaker: Speaker;
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
  /** Whether the claims under this node's name are this process's, as far as can be seen. */
  #isOurName = true;

  constructor(ledger: Ledger, options: WorkerOptions) {
    this.#ledger = ledger;
    this.#options = options;
    const neighbours = this.#neighbours = new Neighbours(ledger, options.nodeId);
    const pushes = this.#pushes = new Pushes(
      ledger,
      options,
      neighbours,
      () => this.#presence.isPressing(this.#isHolding),
    );
    ledger.gate = pushes;
    const presence = this.#presence = new Presence(ledger, options, pushes);
    const namesake = this.#namesake = new Namesake(ledger, options, presence);
    const counters = this.counters = new WorkerCounters(options.clock);
    const slots = this.#slots = new Slots(
      options,
      (ended) => this.#noteEnd(ended),
      (sentMs) => presence.trustLeftMs(sentMs) > 0,
      (taskId) => counters.noteBegun(taskId),
    );
    this.#order = new QueueOrder(options.clock);
    const outbox = this.#outbox = new Outbox(options.shelf);
    this.#observer = new Observer(ledger, options);
    this.#readiness = new Readiness(options);
    const rhythm = this.#rhythm;
    this.#gathering = new Gathering({ clock: options.clock, rhythm, slots });
    const precedence = this.#precedence = new Precedence(ledger, options, {
      neighbours,
      rhythm,
      pushes,
    });
    const record = () => presence.record([]);
    const registrar = this.#registrar = new Registrar(ledger, options, precedence, record);
    const settler = this.#settler = new Settler(ledger, options, {
      pushes,
      precedence,
      registrar,
      rhythm,
    });
    const speaker = new Speaker(ledger, options, { presence, namesake, slots, outbox, counters });
    this.#speaker = speaker;
    this.#appetite = new Appetite(ledger, options, {
      slots,
      precedence,
      rhythm,
      order: this.#order,
      concerned: () => speaker.concerned,
      pushes,
    });
    this.#departure = new Departure(options, {
      presence,
      slots,
      outbox,
      settler,
      bell: this.#bell,
      pushes,
      counters,
      pauseMs: () => this.#pauseMs(false),
      look: () => this.#look(),
      deliver: () =>
        this.#safely(async () => {
          await this.#look();
          // Grace must not be spent on waiting for a turn.
          if (pushes.isOpen) await counters.timed("say", () => speaker.speak([]));
        }),
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
    const guarded = { ledger: this.#ledger, clock, presence: this.#presence, slots: this.#slots };
    const guard = guardLease(guarded, over.signal);
    try {
      await work();
    } finally {
      this.#slots.stopAll();
      await this.#slots.ended();
      // Where all was said, nothing is left to keep.
      await this.#outbox.keep();
      over.abort();
      await guard;
    }
  }

  #arrive(stop: AbortSignal): Promise<boolean> {
    return arrive({
      ledger: this.#ledger,
      options: this.#options,
      namesake: this.#namesake,
      outbox: this.#outbox,
      presence: this.#presence,
      neighbours: this.#neighbours,
      precedence: this.#precedence,
      registrar: this.#registrar,
      rhythm: this.#rhythm,
      speaker: this.#speaker,
    }, stop);
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
    const pushInMs = this.#pushes.opensInMs;
    // What runs may be cancelled.
    const maxMs = this.#slots.size > 0 ? Math.min(maxPollMs, watchfulPollMs(pollMs)) : maxPollMs;
    const wishes = [
      pollDelayMs({ pollMs, maxMs }, this.#quietTicks, random()),
      this.#observer.watchInMs() ?? Infinity,
      this.#isHolding ? watchIntervalMs(leaseMs) : Infinity,
      this.#awaitsPush ? pushInMs : Infinity,
      ...isCutOff ? [] : [
        Math.max(this.#presence.nextInMs(this.#isHolding), pushInMs),
        Math.max(this.#settler.inMs, pushInMs),
        this.#helpsInMs,
        this.#appetite.restsInMs,
      ],
    ];
    return Math.max(Math.min(...wishes), SHORTEST_PAUSE_MS);
  }

  get #isHolding(): boolean {
    return this.#speaker.held.length > 0;
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
      this.#readiness.noteTrouble(error);
      await this.#outbox.keep();
      return undefined;
    }
  }

  async #tick(): Promise<Tick> {
    const beganMs = this.#options.clock.elapsedMs();
    const moved = await this.#look();
    const choice = await this.counters.timed("choose", () => this.#findWork());
    this.#helpsInMs = choice.helpsInMs;
    const { said, refused } = await this.#push(choice);
    if (said) this.#rhythm.noteTick(this.#options.clock.elapsedMs() - beganMs);
    // What was said may have been the last that there was to do, and what was refused was taken by
    // others, so there may be something else: look again at once.
    if ((said && this.#slots.size === 0) || refused) this.#bell.ring();
    return { busy: moved || said, isWorkLeft: choice.isWorkLeft };
  }

  /**
   * Says what there is to say and settles, as far as there may be a push now. Who finds something to
   * settle does that first, unless it has to show itself: what it has just seen is least likely to have
   * moved since, and where there may be only one push, those who always have something to say would
   * never settle.
   */
  async #push(choice: Choice): Promise<Spoken> {
    const isLate = this.#pushes.takesTurn
      ? !this.#presence.hasTime(this.#isHolding)
      : this.#presence.nextInMs(this.#isHolding) === 0;
    let hasSettled = !isLate && await this.#settle();
    let spoken: Spoken = { said: false, refused: false };
    const news = this.#news(choice);
    if (this.#pushes.isOpen && (isLate || this.#isWorthSaying(news))) {
      this.#gathering.clear();
      this.counters.noteClaiming(choice.claimable, this.#speaker.concerned);
      spoken = await this.counters.timed("say", () => this.#speaker.speak(news));
      hasSettled ||= isLate && await this.#settle();
    }
    this.#awaitsPush = !this.#pushes.isOpen &&
      (choice.isWorkLeft || this.#isHolding || countFinished(this.#ledger) > 0);
    return { ...spoken, said: spoken.said || hasSettled };
  }

  /** Whether there is something to be said that cannot wait for more. */
  #isWorthSaying(news: Saying[]): boolean {
    if (this.#outbox.size > 0) this.#gathering.note();
    // While something waits for its turn to run, so can further claims.
    const isUrgent = this.#slots.waiting === 0 || news.some(({ event }) => event.kind !== "claim");
    return isUrgent || this.#gathering.inMs === 0;
  }

  #settle(): Promise<boolean> {
    return this.counters.timed("settle", () => this.#settler.settleIfDue());
  }

  /** Reads what has moved, and draws the consequences for what is in our hands. */
  async #look(): Promise<boolean> {
    try {
      const moved = await this.counters.timed("look", () => this.#lookAndReview());
      this.counters.noteLook(moved);
      return moved;
    } finally {
      this.#slots.goOn();
    }
  }

  async #lookAndReview(): Promise<boolean> {
    const beganMs = this.#options.clock.elapsedMs();
    const moved = await this.#ledger.refresh({
      wantedShards: () => this.#appetite.wantedShards(),
      onNews: () => this.#slots.hold(),
    });
    await this.#pushes.look();
    this.#observer.noteLook(beganMs);
    this.#appetite.noteLook();
    await this.#neighbours.noteLook(this.#options.clock.elapsedMs());
    this.#precedence.noteLook();
    this.#isOurName = await this.#namesake.look();
    this.#warnOfOddities();
    await this.#review();
    this.#slots.stopWaiting(this.#appetite.patienceMs);
    await this.#speaker.startLate();
    if (this.#isOurName) this.#speaker.handBack();
    return moved;
  }

  /** Stops what is cancelled, or over for everybody else. */
  async #review(): Promise<void> {
    const gone = this.#slots.taskIds.filter((id) => this.#ledger.stateOf(id) === undefined);
    const settled = await settledAmong(this.#ledger, gone);
    this.#slots.review((id) => this.#ledger.stateOf(id), settled);
  }

  #warnOfOddities(): void {
    for (const [path, reason] of this.#ledger.main.strays) {
      this.#warnings.warn(path, `${path}: passed over: ${reason}`);
    }
    for (const { broken } of this.#ledger.shards.values()) {
      for (const [id, reason] of broken) {
        this.#warnings.warn(id, `${id}: its entry on the live edge is left alone: ${reason}`);
      }
    }
  }

  async #findWork(): Promise<Choice> {
    this.#order.update(this.#ledger.main, this.#precedence.territory);
    const { room } = this.#appetite;
    return await findWork(this.#ledger, {
      offers: this.#readiness.offers(),
      precedence: this.#precedence,
      held: new Set(this.#speaker.held),
      wanted: this.#pushes.isOpen && this.#mayClaim()
        ? Math.max(0, Math.min(room, this.#allowance()))
        : 0,
      abroad: this.#options.parallel,
      now: this.#options.clock.now(),
      nowMs: this.#options.clock.elapsedMs(),
      observer: this.#observer,
      order: this.#order,
    });
  }

  get #leaseMs(): number {
    return this.#ledger.main.settings.lease_seconds * 1000;
  }

  /** Whether what was claimed now could be kept, run and reported. */
  #mayClaim(): boolean {
    return this.#isOurName && !this.#speaker.isUnshown && this.#readiness.canStore() &&
      this.#hasSeat();
  }

  /** Whether this node would have its turn to push often enough to keep what it claims. */
  #hasSeat(): boolean {
    const words = this.#pushes.whyNoSeat();
    if (words === undefined) this.#warnings.clear("seat");
    else this.#warnings.warn("seat", words);
    return words === undefined;
  }

  /** Whose attempts to end, what to claim, and which broken files to end. */
  #news({ broken, claimable, lapsed }: Choice): Saying[] {
    const { nodeId, clock } = this.#options;
    const at = clock.now().toISOString();
    const { max_attempts } = this.#ledger.main.settings;
    return [
      ...expireSayings(lapsed, nodeId, max_attempts, at),
      ...rejectSayings(broken, nodeId, at),
      ...claimSayings(claimable, nodeId, at),
    ];
  }

  /** How many more attempts this worker may start. */
  #allowance(): number {
    const { maxTasks = Infinity } = this.#options;
    return maxTasks - this.#executed - this.#slots.size;
  }

  #isDone(isWorkLeft: boolean): boolean {
    if (this.#slots.size > 0 || this.#outbox.size > 0) return false;
    return this.#allowance() <= 0 || (this.#options.exitWhenIdle && !isWorkLeft);
  }

  #noteEnd({ saying, broken, ranMs }: Ended): void {
    if (saying !== undefined) this.#outbox.add(saying);
    if (saying?.event.kind === "report") this.#executed++;
    if (broken !== undefined) {
      this.#readiness.noteBroken(broken);
      this.#slots.stopWaiting(0);
    }
    if (ranMs !== undefined) {
      this.#rhythm.noteTask(ranMs);
      this.counters.noteRun(ranMs);
    }
    this.#gathering.note();
    this.#bell.ringBy(this.#options.clock.elapsedMs() + this.#gathering.inMs);
  }
}
