/**
 * What a worker says to the live edge and hears back: everything in one push, and what it won is
 * started.
 *
 * @module
 */
import type { Heard, Saying } from "../ledger/draft.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { say } from "../ledger/live_edge.ts";
import { readSpecs } from "../ledger/specs.ts";
import type { Oid } from "../ledger/store.ts";
import type { LiveState } from "../protocol/live_state.ts";
import type { Outbox } from "./outbox.ts";
import type { Presence } from "./presence.ts";
import { handBackSayings } from "./sayings.ts";
import type { Slots } from "./slots.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** What came of speaking. */
export interface Spoken {
  /** Whether anything was heard. */
  said: boolean;
  /** Whether something new was refused, because others were faster. */
  refused: boolean;
}

/** An attempt that this node owns, and what says what to run. */
interface Won {
  state: LiveState;
  spec?: Oid;
}

export class Speaker {
  readonly #ledger: Ledger;
  readonly #options: Pick<WorkerOptions, "nodeId" | "clock">;
  readonly #presence: Presence;
  readonly #outbox: Outbox;
  readonly #slots: Slots;
  /** Claims on their way: if the answer is lost, the next look tells whether they were won. */
  #claims: Saying[] = [];

  constructor(
    ledger: Ledger,
    options: Pick<WorkerOptions, "nodeId" | "clock">,
    parts: { presence: Presence; outbox: Outbox; slots: Slots },
  ) {
    this.#ledger = ledger;
    this.#options = options;
    this.#presence = parts.presence;
    this.#outbox = parts.outbox;
    this.#slots = parts.slots;
  }

  /** Says everything that there is to say in one push, and starts what was won. */
  async speak(news: Saying[]): Promise<Spoken> {
    const reports = this.#outbox.open;
    const sayings = [...reports, ...news];
    const beat = this.#presence.due(sayings.length > 0, this.#slots.taskIds);
    if (sayings.length === 0 && beat === undefined) return { said: false, refused: false };
    this.#claims = news.filter(({ event }) => event.kind === "claim");
    const { heard, companion } = await say(this.#ledger, sayings, beat);
    this.#claims = [];
    if (beat !== undefined) this.#presence.noteShown(companion);
    this.#outbox.conclude(reports, heard.slice(0, reports.length));
    const answers = heard.slice(reports.length);
    await this.#start(wonBy(news, answers));
    return {
      said: heard.some((answer) => answer.heard),
      refused: answers.some((answer) => !answer.heard && answer.refusal !== undefined),
    };
  }

  /**
   * Deals with claims under this node's name that are not in its hands: those whose answer was lost
   * are started, those of an earlier life are handed back.
   */
  async takeBack(): Promise<void> {
    const { nodeId, clock } = this.#options;
    const claims = this.#claims;
    this.#claims = [];
    await this.#start(claims.flatMap(({ event, spec }): Won[] => {
      const state = this.#ledger.stateOf(event.task_id);
      const isOurs = state?.status === "claimed" && state.node_id === nodeId &&
        state.claimed_at === event.at;
      return isOurs ? [{ state, spec }] : [];
    }));
    const inHand = new Set([...this.#slots.taskIds, ...this.#outbox.taskIds]);
    this.#outbox.add(
      ...handBackSayings(this.#ledger, nodeId, inHand, clock.now().toISOString()),
    );
  }

  /**
   * Starts attempts. Their specs are read by name: the shard may have moved on, or away. Where
   * nobody can read one, the attempt is ended, so that nobody waits for it.
   */
  async #start(won: Won[]): Promise<void> {
    const specs = won.flatMap(({ spec }) => spec === undefined ? [] : [spec]);
    const tasks = await readSpecs(this.#ledger, specs);
    for (const { state, spec } of won) {
      const task = spec === undefined ? undefined : tasks.get(spec);
      if (task === undefined) this.#slots.refuse(state);
      else this.#slots.start(task, state, this.#ledger.main.settings);
    }
  }
}

function wonBy(news: Saying[], answers: Heard[]): Won[] {
  return news.flatMap(({ event, spec }, index): Won[] => {
    const answer = answers[index];
    return event.kind === "claim" && answer.heard ? [{ state: answer.state, spec }] : [];
  });
}
