/**
 * Begins what a worker has won: whether it was won, whether it is still worth beginning, and what its
 * spec says.
 *
 * @module
 */
import type { Heard, Saying } from "../ledger/draft.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { settledAmong } from "../ledger/results.ts";
import { readSpecs } from "../ledger/specs.ts";
import type { Oid } from "../ledger/store.ts";
import type { LiveState } from "../protocol/live_state.ts";
import { isHeld, isOver } from "../protocol/transition.ts";
import { watchIntervalMs } from "../scheduling/lease.ts";
import type { Slots } from "./slots.ts";
import { Warnings } from "./warnings.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** An attempt that this node owns, and what says what to run. */
interface Won {
  state: LiveState;
  spec?: Oid;
}

export class Starter {
  readonly #ledger: Ledger;
  readonly #options: Pick<WorkerOptions, "nodeId" | "clock">;
  readonly #slots: Slots;
  readonly #warnings = new Warnings();
  /** Claims on their way: if the answer is lost, the next look tells whether they were won. */
  #claims: Saying[] = [];
  /** When they began to be sent. */
  #sentMs = 0;

  constructor(ledger: Ledger, options: Pick<WorkerOptions, "nodeId" | "clock">, slots: Slots) {
    this.#ledger = ledger;
    this.#options = options;
    this.#slots = slots;
  }

  /** The tasks that may have been won without our knowing. */
  get openIds(): string[] {
    return this.#claims.map(({ event }) => event.task_id);
  }

  /** Notes that these are going to be said now. */
  noteSending(sayings: Saying[]): void {
    this.#claims = sayings.filter(({ event }) => event.kind === "claim");
    this.#sentMs = this.#options.clock.elapsedMs();
  }

  /** Notes that whatever was won of what was being said has been started. */
  noteStarted(): void {
    this.#claims = [];
  }

  /** Begins what was won by these sayings. */
  async start(sayings: Saying[], answers: Heard[]): Promise<void> {
    await this.#start(sayings.flatMap(({ event, spec }, index): Won[] => {
      const answer = answers[index];
      return event.kind === "claim" && answer.heard ? [{ state: answer.state, spec }] : [];
    }));
  }

  /** Begins what was claimed in a push whose answer was lost, if it was won. */
  async startLate(): Promise<void> {
    const claims = this.#claims;
    this.#claims = [];
    await this.#start(claims.flatMap(({ event, spec }): Won[] => {
      const state = this.#ledger.stateOf(event.task_id);
      const isOurs = state !== undefined && isHeld(state) &&
        state.node_id === this.#options.nodeId && state.claimed_at === event.at;
      return isOurs ? [{ state, spec }] : [];
    }));
  }

  /**
   * Starts attempts. Their specs are read by name: the shard may have moved on, or away. Where
   * nobody can read one, the attempt is ended, so that nobody waits for it.
   */
  async #start(won: Won[]): Promise<void> {
    const open = await this.#withoutOver(won);
    const specs = open.flatMap(({ spec }) => spec === undefined ? [] : [spec]);
    const tasks = await readSpecs(this.#ledger, specs);
    // What is not begun is in nobody's hands, so it is handed back after the next look.
    if (open.length === 0 || !this.#isTrusted()) return;
    for (const { state, spec } of open) {
      const task = spec === undefined ? undefined : tasks.get(spec);
      if (task === undefined) this.#slots.refuse(state);
      else if (state.status === "cancelling") this.#slots.skip(task, state);
      else {
        this.#slots.start({ task, state, sentMs: this.#sentMs }, this.#ledger.main.settings);
      }
    }
  }

  /**
   * Whether what was claimed in the last push may still be begun. The guard comes round once in a
   * third of the lease, and must not come too late for it.
   */
  #isTrusted(): boolean {
    const leaseMs = this.#ledger.main.settings.lease_seconds * 1000;
    const tookMs = this.#options.clock.elapsedMs() - this.#sentMs;
    const isTrusted = tookMs < watchIntervalMs(leaseMs);
    if (isTrusted) this.#warnings.clear("slow");
    else {
      this.#warnings.warn(
        "slow",
        "what was claimed is handed back: a push takes longer than a third of the lease; " +
          "is lease_seconds too short for this line?",
      );
    }
    return isTrusted;
  }

  /** Leaves out what is over already by what was seen since: the machine may have slept meanwhile. */
  async #withoutOver(won: Won[]): Promise<Won[]> {
    const ids = won.map(({ state }) => state.task_id);
    const gone = ids.filter((id) => this.#ledger.stateOf(id) === undefined);
    const settled = await settledAmong(this.#ledger, gone);
    return won.flatMap(({ state, spec }): Won[] => {
      const now = this.#ledger.stateOf(state.task_id) ?? state;
      if (settled.has(state.task_id) || isOver(now, state)) return [];
      const isCancelled = now.status === "cancelling" && now.claimed_at === state.claimed_at;
      return [{ state: isCancelled ? now : state, spec }];
    });
  }
}
