/**
 * What a worker says to the live edge and hears back: everything in one push, and what it won is
 * started.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Heard, Saying } from "../ledger/draft.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { say, type Suspects } from "../ledger/live_edge.ts";
import type { Namesake } from "./namesake.ts";
import type { Outbox } from "./outbox.ts";
import type { Presence } from "./presence.ts";
import { deliveredAmong } from "./delivered.ts";
import { handBackSayings } from "./sayings.ts";
import type { Slots } from "./slots.ts";
import { Starter } from "./starter.ts";
import { UnwantedResults } from "./unwanted_results.ts";
import { Warnings } from "./warnings.ts";
import type { WorkerCounters } from "./worker_counters.ts";
import type { WorkerOptions } from "./worker_options.ts";

const log = getLogger(["dgrid", "worker"]);

/** What came of speaking. */
export interface Spoken {
  /** Whether anything was heard. */
  said: boolean;
  /** Whether something new was refused, because others were faster. */
  refused: boolean;
}

interface Parts {
  presence: Presence;
  namesake: Namesake;
  outbox: Outbox;
  slots: Slots;
  counters: WorkerCounters;
}

export class Speaker {
  readonly #ledger: Ledger;
  readonly #options: Pick<WorkerOptions, "nodeId" | "clock">;
  readonly #parts: Parts;
  readonly #starter: Starter;
  readonly #unwanted = new UnwantedResults();
  readonly #suspects: Suspects = new WeakSet();
  readonly #warnings = new Warnings();
  #isUnshown = false;
  constructor(
    ledger: Ledger,
    options: Pick<WorkerOptions, "nodeId" | "clock">,
    parts: Parts,
  ) {
    this.#ledger = ledger;
    this.#options = options;
    this.#parts = parts;
    this.#starter = new Starter(ledger, options, parts.slots);
  }

  /** The tasks that this node holds: they run, or something is to be said about them. */
  get held(): string[] {
    return [...this.#parts.slots.taskIds, ...this.#parts.outbox.taskIds];
  }

  /** The tasks that this node holds, or may have won in a push whose answer was lost. */
  get concerned(): string[] {
    return [...this.held, ...this.#starter.openIds];
  }

  /** Says everything that there is to say in one push, and starts what was won. */
  async speak(news: Saying[]): Promise<Spoken> {
    const { presence, namesake, outbox } = this.#parts;
    const { gate } = this.#ledger;
    if (gate.takesTurn) await this.#sayBare();
    if (!gate.isOpen) return { said: false, refused: false };
    const reports = outbox.open;
    const sayings = [...reports, ...news];
    const beat = presence.due(
      sayings.length > 0,
      this.held.length > 0,
      this.#parts.slots.runningIds,
    );
    if (sayings.length === 0 && beat === undefined) return { said: false, refused: false };
    this.#starter.noteSending(news);
    const { heard, companion, companionWords } = await say(
      this.#ledger,
      sayings,
      beat,
      this.#suspects,
    );
    if (beat !== undefined) this.#noteUnshown(companionWords);
    if (companion !== undefined) {
      namesake.noteSent(companion);
      presence.noteShown();
    }
    await this.#conclude(reports, heard.slice(0, reports.length));
    const answers = heard.slice(reports.length);
    tellLosses(news, answers);
    this.#parts.counters.noteAnswers(news, answers);
    await this.#parts.counters.timed("prepare", () => this.#starter.start(news, answers));
    // Not before: should the line break in between, the next look starts what was won.
    this.#starter.noteStarted();
    return {
      said: heard.some((answer) => answer.heard),
      refused: answers.some((answer) =>
        !answer.heard && answer.refusal !== undefined && answer.refusal.code !== "blocked"
      ),
    };
  }

  async #conclude(reports: Saying[], heard: Heard[]): Promise<void> {
    const { outbox } = this.#parts;
    await outbox.conclude(reports, heard, await deliveredAmong(this.#ledger, reports, heard));
    this.#unwanted.note(reports, heard);
    if (this.#ledger.gate.isOpen) await this.#sayBare();
  }

  /** Says what the host has refused too often without its content. */
  async #sayBare(): Promise<void> {
    const bare = await this.#unwanted.sayWithoutContent(this.#ledger);
    await this.#parts.outbox.conclude(bare.sayings, bare.heard, new Set());
  }

  /** Whether the last heartbeat was not written, so that others may take what this node claims. */
  get isUnshown(): boolean {
    return this.#isUnshown;
  }

  /** @param words why this node could not show itself; undefined where it could */
  #noteUnshown(words: string | undefined): void {
    this.#isUnshown = words !== undefined;
    if (words === undefined) this.#warnings.clear("heartbeat");
    else this.#warnings.warn("heartbeat", `giving a sign of life: ${words}`);
  }

  /** Begins what was claimed in a push whose answer was lost, if it was won. */
  async startLate(): Promise<void> {
    await this.#starter.startLate();
  }

  /** Hands back claims under this node's name that are not in its hands, such as an earlier life's. */
  handBack(): void {
    const { nodeId, clock } = this.#options;
    const at = clock.now().toISOString();
    this.#parts.outbox.add(...handBackSayings(this.#ledger, nodeId, new Set(this.held), at));
  }
}

/** Tells whose attempts this node has ended. */
function tellLosses(news: Saying[], answers: Heard[]): void {
  news.forEach(({ event }, index) => {
    if (event.kind !== "expire" || !answers[index].heard) return;
    log.info(
      "{task}: attempt {attempt} is taken away from {owner}, which has been silent for a lease",
      {
        task: event.task_id,
        attempt: event.attempt,
        owner: event.owner,
      },
    );
  });
}
