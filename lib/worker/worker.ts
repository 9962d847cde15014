/**
 * A worker: one loop that looks at the grid, says everything it has to say in one push, runs what
 * it won, and settles now and then (DESIGN.md section 5).
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Saying } from "../ledger/draft.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { registerNode } from "../ledger/nodes.ts";
import { settleAll } from "../ledger/settle.ts";
import { pollDelayMs } from "../scheduling/pace.ts";
import { Bell } from "./bell.ts";
import { type Choice, findWork, type Offers } from "./candidates.ts";
import { Outbox } from "./outbox.ts";
import { Presence } from "./presence.ts";
import { claimSayings, rejectSayings } from "./sayings.ts";
import { Settler } from "./settler.ts";
import { type Ended, Slots } from "./slots.ts";
import { Speaker } from "./speaker.ts";
import { isPassing } from "./trouble.ts";
import { Warnings } from "./warnings.ts";
import type { WorkerOptions } from "./worker_options.ts";

const log = getLogger(["dgrid", "worker"]);

/** After its machinery broke, a node leaves that kind of task alone for this long. */
const BROKEN_PAUSE_MS = 30_000;
/** A worker that stops tries this long to deliver its last results. */
const DELIVERY_MS = 30_000;

/** What a tick found. */
interface Tick {
  /** Whether something moved, was said, or runs. */
  busy: boolean;
  /** Whether there is work that this node could run, now or later, here or elsewhere. */
  isWorkLeft: boolean;
}

export class Worker {
  readonly #ledger: Ledger;
  readonly #options: WorkerOptions;
  readonly #slots: Slots;
  readonly #presence: Presence;
  readonly #settler: Settler;
  readonly #speaker: Speaker;
  readonly #bell = new Bell();
  readonly #outbox = new Outbox();
  readonly #warnings = new Warnings();
  readonly #brokenUntilMs = new Map<string, number>();
  #executed = 0;

  constructor(ledger: Ledger, options: WorkerOptions) {
    this.#ledger = ledger;
    this.#options = options;
    const { executor, clock, random } = options;
    const presence = this.#presence = new Presence(ledger, options);
    const slots = new Slots(executor, clock, random, (ended) => this.#noteEnd(ended));
    this.#slots = slots;
    this.#settler = new Settler(ledger, options);
    this.#speaker = new Speaker(ledger, options, { presence, slots, outbox: this.#outbox });
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
      await this.#ledger.refresh();
      await registerNode(this.#ledger, this.#presence.record([]));
      await this.#work(stop);
      await this.#leave();
    } finally {
      stop.removeEventListener("abort", ring);
      await this.#stopRunning();
    }
  }

  async #work(stop: AbortSignal): Promise<void> {
    for (let quiet = 0; !stop.aborted;) {
      const { busy, isWorkLeft } = await this.#safely(() => this.#tick()) ??
        { busy: false, isWorkLeft: true };
      if (this.#isDone(isWorkLeft)) return;
      quiet = busy ? 0 : quiet + 1;
      const { pollMs, random, clock } = this.#options;
      const delayMs = pollDelayMs(pollMs, quiet, random());
      await this.#bell.wait(clock, Math.min(delayMs, this.#presence.nextInMs()));
    }
  }

  /** Does something; passing trouble is told, and undefined given, anything else is thrown. */
  async #safely<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      const done = await work();
      this.#warnings.clear("trouble");
      return done;
    } catch (error) {
      if (!isPassing(error)) throw error;
      this.#warnings.warn("trouble", error.message);
      return undefined;
    }
  }

  async #tick(): Promise<Tick> {
    const moved = await this.#look();
    const choice = await this.#findWork();
    const { said, refused } = await this.#speaker.speak(this.#news(choice));
    await this.#settler.settleIfDue();
    // What was said may have been the last that there was to do, and what was refused was taken by
    // others, so there may be something else: look again at once.
    if ((said && this.#slots.size === 0) || refused) this.#bell.ring();
    return { busy: moved || said || this.#slots.size > 0, isWorkLeft: choice.isWorkLeft };
  }

  /** Reads what has moved, and tells of what is not right. */
  async #look(): Promise<boolean> {
    const moved = await this.#ledger.refresh();
    this.#presence.refuseTwin();
    for (const [path, reason] of this.#ledger.main.strays) {
      this.#warnings.warn(path, `${path}: passed over: ${reason}`);
    }
    for (const { broken } of this.#ledger.shards.values()) {
      for (const [id, reason] of broken) {
        this.#warnings.warn(id, `${id}: its entry on the live edge is left alone: ${reason}`);
      }
    }
    await this.#speaker.takeBack();
    return moved;
  }

  async #findWork(): Promise<Choice> {
    const { nodeId, parallel, clock } = this.#options;
    const free = Math.max(0, Math.min(parallel - this.#slots.size, this.#allowance()));
    return await findWork(this.#ledger, nodeId, this.#offers(), free, clock.now());
  }

  /** What to claim, and which broken files to end. */
  #news({ broken, claimable }: Choice): Saying[] {
    const { nodeId, clock } = this.#options;
    const at = clock.now().toISOString();
    return [...rejectSayings(broken, nodeId, at), ...claimSayings(claimable, nodeId, at)];
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

  /** Finishes or hands back what runs, settles, and says goodbye. */
  async #leave(): Promise<void> {
    const { clock, graceMs } = this.#options;
    this.#presence.changeTo("draining");
    if (this.#slots.size > 0) log.info("stopping: {count} still run", { count: this.#slots.size });
    await this.#deliverUntil(() => this.#slots.size === 0, clock.elapsedMs() + graceMs);
    await this.#stopRunning();
    await this.#deliverUntil(() => this.#outbox.size === 0, clock.elapsedMs() + DELIVERY_MS);
    const unsettled = await this.#settleAtLast();
    this.#presence.changeTo("offline");
    await this.#safely(() => this.#speaker.speak([]));
    if (this.#outbox.size > 0) {
      throw new Error(`stopping: ${this.#outbox.size} results could not be delivered`);
    }
    if (unsettled !== undefined && this.#options.exitWhenIdle) throw unsettled;
  }

  /** Goes on saying what there is to say until something is so, or the time is over. */
  async #deliverUntil(isSo: () => boolean, deadlineMs: number): Promise<void> {
    const { clock, pollMs } = this.#options;
    while (!isSo() && clock.elapsedMs() < deadlineMs) {
      await this.#safely(async () => {
        await this.#ledger.refresh();
        await this.#speaker.speak([]);
      });
      if (isSo()) return;
      await this.#bell.wait(clock, Math.min(pollMs, deadlineMs - clock.elapsedMs()));
    }
  }

  /** Settles what is finished; gives the error where that failed: somebody else can do it. */
  async #settleAtLast(): Promise<Error | undefined> {
    try {
      await this.#ledger.refresh();
      await settleAll(this.#ledger);
      return undefined;
    } catch (error) {
      log.warn("{message}; what is finished is settled later", {
        message: (error as Error).message,
      });
      return error as Error;
    }
  }

  async #stopRunning(): Promise<void> {
    this.#slots.stopAll();
    await this.#slots.ended();
  }

  #noteEnd({ saying, broken }: Ended): void {
    this.#outbox.add(saying);
    if (saying.event.kind === "report") this.#executed++;
    if (broken !== undefined) {
      this.#brokenUntilMs.set(broken, this.#options.clock.elapsedMs() + BROKEN_PAUSE_MS);
    }
    this.#bell.ring();
  }

  #offers(): Offers {
    const { executor, labels, machine, clock } = this.#options;
    const now = clock.elapsedMs();
    const ever = { runs: executor.runs, labels, cpus: machine.cpus, memory_mb: machine.memory_mb };
    const runs = executor.runs.filter((kind) => (this.#brokenUntilMs.get(kind) ?? 0) <= now);
    return { ever, now: { ...ever, runs } };
  }
}
