/**
 * A worker: one loop that looks at the grid, says everything it has to say in one push, runs what
 * it won, and settles now and then (DESIGN.md section 5).
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Heard, Saying } from "../ledger/draft.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { say } from "../ledger/live_edge.ts";
import { registerNode } from "../ledger/nodes.ts";
import { settleAll } from "../ledger/settle.ts";
import { readClaimed } from "../ledger/specs.ts";
import type { Offer } from "../scheduling/eligibility.ts";
import { pollDelayMs } from "../scheduling/pace.ts";
import { Bell } from "./bell.ts";
import { type Choice, findWork } from "./candidates.ts";
import { Outbox } from "./outbox.ts";
import { Presence } from "./presence.ts";
import { claimSayings, handBackSayings, rejectSayings } from "./sayings.ts";
import { Settler } from "./settler.ts";
import { type Ended, Slots } from "./slots.ts";
import { isPassing } from "./trouble.ts";
import { Warnings } from "./warnings.ts";
import type { WorkerOptions } from "./worker_options.ts";

const log = getLogger(["dgrid", "worker"]);

/** After its machinery broke, a node leaves that kind of task alone for this long. */
const BROKEN_PAUSE_MS = 30_000;

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
  readonly #bell = new Bell();
  readonly #outbox = new Outbox();
  readonly #warnings = new Warnings();
  /** Claims on their way: if the answer is lost, the next look tells whether they were won. */
  readonly #claims = new Map<string, Saying>();
  readonly #brokenUntilMs = new Map<string, number>();
  #executed = 0;

  constructor(ledger: Ledger, options: WorkerOptions) {
    this.#ledger = ledger;
    this.#options = options;
    this.#presence = new Presence(ledger, options);
    this.#settler = new Settler(ledger, options);
    const { executor, clock, random } = options;
    this.#slots = new Slots(executor, clock, random, (ended) => this.#noteEnd(ended));
  }

  /**
   * Works until it is told to stop or, with `exitWhenIdle`, until there is nothing left.
   *
   * @param stop take nothing new, finish what runs within the grace time, hand back the rest
   * @throws when the grid cannot be read or joined at the start, or not be told the last results
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
      const { busy, isWorkLeft } = await this.#safeTick();
      if (this.#isDone(isWorkLeft)) return;
      quiet = busy ? 0 : quiet + 1;
      const { pollMs, random, clock } = this.#options;
      await this.#bell.wait(clock, pollDelayMs(pollMs, quiet, random()));
    }
  }

  /** One tick; passing trouble is told and tried again later, anything else ends the worker. */
  async #safeTick(): Promise<Tick> {
    try {
      const tick = await this.#tick();
      this.#warnings.clear("tick");
      return tick;
    } catch (error) {
      if (!isPassing(error)) throw error;
      this.#warnings.warn("tick", error.message);
      return { busy: false, isWorkLeft: true };
    }
  }

  async #tick(): Promise<Tick> {
    const { nodeId, clock } = this.#options;
    const moved = await this.#ledger.refresh();
    for (const [path, reason] of this.#ledger.main.strays) {
      this.#warnings.warn(path, `${path}: passed over: ${reason}`);
    }
    await this.#takeBack();
    const choice = await findWork(this.#ledger, nodeId, this.#offer(), clock.now());
    const said = await this.#speak(this.#newSayings(choice));
    await this.#settler.settleIfDue();
    // What was said may have been the last that there was to do: look again at once.
    if (said && this.#slots.size === 0) this.#bell.ring();
    return { busy: moved || said || this.#slots.size > 0, isWorkLeft: choice.isWorkLeft };
  }

  /**
   * Deals with claims under this node's name that are not in its hands: those whose answer was lost
   * are started, those of an earlier life are handed back.
   */
  async #takeBack(): Promise<void> {
    const { nodeId } = this.#options;
    const won = [...this.#claims.values()].flatMap(({ event }): Heard[] => {
      const state = this.#ledger.stateOf(event.task_id);
      const isOurs = state?.status === "claimed" && state.node_id === nodeId &&
        state.claimed_at === event.at;
      return isOurs ? [{ heard: true, state }] : [];
    });
    this.#claims.clear();
    await this.#startWon(won);
    const inHand = new Set([...this.#slots.taskIds, ...this.#outbox.taskIds]);
    this.#outbox.add(...handBackSayings(this.#ledger, nodeId, inHand, this.#now()));
  }

  /** What to claim, and which broken files to end. */
  #newSayings(choice: Choice): Saying[] {
    const { nodeId, parallel } = this.#options;
    const free = Math.min(parallel - this.#slots.size, this.#allowance());
    return [
      ...rejectSayings(choice.broken, nodeId, this.#now()),
      ...claimSayings(choice.claimable.slice(0, Math.max(free, 0)), nodeId, this.#now()),
    ];
  }

  /** How many more attempts this worker may start. */
  #allowance(): number {
    const { maxTasks = Infinity } = this.#options;
    return maxTasks - this.#executed - this.#slots.size;
  }

  /**
   * Says everything that there is to say in one push, and starts what was won.
   *
   * @returns whether any of it was heard
   */
  async #speak(news: Saying[]): Promise<boolean> {
    const reports = this.#outbox.open;
    const sayings = [...reports, ...news];
    const beat = this.#presence.due(sayings.length > 0, this.#slots.taskIds);
    if (sayings.length === 0 && beat === undefined) return false;
    for (const saying of news) {
      if (saying.event.kind === "claim") this.#claims.set(saying.event.task_id, saying);
    }
    const { heard, companion } = await say(this.#ledger, sayings, beat);
    this.#claims.clear();
    if (companion !== undefined) this.#presence.noteShown();
    this.#outbox.conclude(reports, heard.slice(0, reports.length));
    const answers = heard.slice(reports.length);
    await this.#startWon(answers.filter((_, index) => news[index].event.kind === "claim"));
    return heard.some((answer) => answer.heard);
  }

  async #startWon(heard: Heard[]): Promise<void> {
    const states = heard.flatMap((answer) => answer.heard ? [answer.state] : []);
    const tasks = await readClaimed(this.#ledger, states.map(({ task_id }) => task_id));
    const { settings } = this.#ledger.main;
    for (const state of states) this.#slots.start(tasks.get(state.task_id)!, state, settings);
  }

  #isDone(isWorkLeft: boolean): boolean {
    if (this.#slots.size > 0 || this.#outbox.size > 0) return false;
    return this.#allowance() <= 0 || (this.#options.exitWhenIdle && !isWorkLeft);
  }

  /** Finishes or hands back what runs, settles, and says goodbye. */
  async #leave(): Promise<void> {
    this.#presence.changeTo("draining");
    await this.#finishRunning();
    do {
      await this.#ledger.refresh();
      await this.#speak([]);
    } while (this.#outbox.size > 0);
    await settleAll(this.#ledger);
    this.#presence.changeTo("offline");
    await this.#speak([]);
  }

  /** Lets what runs end within the grace time; what does not is stopped. */
  async #finishRunning(): Promise<void> {
    const { clock, graceMs } = this.#options;
    const deadline = clock.elapsedMs() + graceMs;
    if (this.#slots.size > 0) log.info("stopping: {count} still run", { count: this.#slots.size });
    while (this.#slots.size > 0 && clock.elapsedMs() < deadline) {
      await this.#bell.wait(clock, deadline - clock.elapsedMs());
    }
    await this.#stopRunning();
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

  /** What this node can run now. */
  #offer(): Offer {
    const { executor, labels, machine, clock } = this.#options;
    const now = clock.elapsedMs();
    const runs = executor.runs.filter((kind) => (this.#brokenUntilMs.get(kind) ?? 0) <= now);
    return { runs, labels, cpus: machine.cpus, memory_mb: machine.memory_mb };
  }

  #now(): string {
    return this.#options.clock.now().toISOString();
  }
}
