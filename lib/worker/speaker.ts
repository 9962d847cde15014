/**
 * What a worker says to the live edge and hears back: everything in one push, and what it won is
 * started.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Heard, Saying } from "../ledger/draft.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { say } from "../ledger/live_edge.ts";
import { settledAmong } from "../ledger/results.ts";
import { readSpecs } from "../ledger/specs.ts";
import type { Oid } from "../ledger/store.ts";
import type { LiveState } from "../protocol/live_state.ts";
import { isHeld, isOver } from "../protocol/transition.ts";
import { watchIntervalMs } from "../scheduling/lease.ts";
import type { Namesake } from "./namesake.ts";
import type { Outbox } from "./outbox.ts";
import type { Presence } from "./presence.ts";
import { deliveredAmong } from "./delivered.ts";
import { handBackSayings } from "./sayings.ts";
import type { Slots } from "./slots.ts";
import { UnwantedResults } from "./unwanted_results.ts";
import { Warnings } from "./warnings.ts";
import type { WorkerOptions } from "./worker_options.ts";

const log = getLogger(["dgrid", "worker"]);

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
  sentMs: number;
}

interface Parts {
  presence: Presence;
  namesake: Namesake;
  outbox: Outbox;
  slots: Slots;
}

export class Speaker {
  readonly #ledger: Ledger;
  readonly #options: Pick<WorkerOptions, "nodeId" | "clock">;
  readonly #parts: Parts;
  /** Claims on their way: if the answer is lost, the next look tells whether they were won. */
  #claims: Saying[] = [];
  readonly #unwanted = new UnwantedResults();
  readonly #warnings = new Warnings();
  #isUnshown = false;
  /** When they began to be sent. */
  #sentMs = 0;

  constructor(
    ledger: Ledger,
    options: Pick<WorkerOptions, "nodeId" | "clock">,
    parts: Parts,
  ) {
    this.#ledger = ledger;
    this.#options = options;
    this.#parts = parts;
  }

  /** The tasks that this node holds: they run, or something is to be said about them. */
  get held(): string[] {
    return [...this.#parts.slots.taskIds, ...this.#parts.outbox.taskIds];
  }

  /** Says everything that there is to say in one push, and starts what was won. */
  async speak(news: Saying[]): Promise<Spoken> {
    const { presence, namesake, outbox } = this.#parts;
    const reports = outbox.open;
    const sayings = [...reports, ...news];
    const beat = presence.due(sayings.length > 0, this.held);
    if (sayings.length === 0 && beat === undefined) return { said: false, refused: false };
    this.#claims = news.filter(({ event }) => event.kind === "claim");
    this.#sentMs = this.#options.clock.elapsedMs();
    const { heard, companion, companionWords } = await say(this.#ledger, sayings, beat);
    this.#claims = [];
    if (beat !== undefined) this.#noteUnshown(companionWords);
    if (companion !== undefined) {
      namesake.noteSent(companion);
      presence.noteShown();
    }
    await this.#conclude(reports, heard.slice(0, reports.length));
    const answers = heard.slice(reports.length);
    tellLosses(news, answers);
    await this.#start(this.#wonBy(news, answers));
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
    const bare = await this.#unwanted.sayWithoutContent(this.#ledger);
    await outbox.conclude(bare.sayings, bare.heard, new Set());
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

  /** Starts what was claimed in a push whose answer was lost, if it was won. */
  async startLate(): Promise<void> {
    const claims = this.#claims;
    this.#claims = [];
    await this.#start(claims.flatMap(({ event, spec }): Won[] => {
      const state = this.#ledger.stateOf(event.task_id);
      const isOurs = state !== undefined && isHeld(state) &&
        state.node_id === this.#options.nodeId && state.claimed_at === event.at;
      return isOurs && this.#isTrusted() ? [{ state, spec, sentMs: this.#sentMs }] : [];
    }));
  }

  /** Hands back claims under this node's name that are not in its hands, such as an earlier life's. */
  handBack(): void {
    const { nodeId, clock } = this.#options;
    const at = clock.now().toISOString();
    this.#parts.outbox.add(...handBackSayings(this.#ledger, nodeId, new Set(this.held), at));
  }

  /**
   * Whether what was claimed in the last push may still be begun; otherwise it is handed back. The
   * guard comes round once in a third of the lease, and must not come too late for it.
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

  #wonBy(news: Saying[], answers: Heard[]): Won[] {
    return news.flatMap(({ event, spec }, index): Won[] => {
      const answer = answers[index];
      const isWon = event.kind === "claim" && answer.heard && this.#isTrusted();
      return isWon ? [{ state: answer.state, spec, sentMs: this.#sentMs }] : [];
    });
  }

  /**
   * Starts attempts. Their specs are read by name: the shard may have moved on, or away. Where
   * nobody can read one, the attempt is ended, so that nobody waits for it.
   */
  async #start(won: Won[]): Promise<void> {
    const { slots } = this.#parts;
    const open = await this.#withoutOver(won);
    const specs = open.flatMap(({ spec }) => spec === undefined ? [] : [spec]);
    const tasks = await readSpecs(this.#ledger, specs);
    // Reading may have taken long, too; what is not begun is handed back after the next look.
    if (open.length > 0 && !this.#isTrusted()) return;
    for (const { state, spec, sentMs } of open) {
      const task = spec === undefined ? undefined : tasks.get(spec);
      if (task === undefined) slots.refuse(state);
      else if (state.status === "cancelling") slots.skip(task, state);
      else slots.start({ task, state, sentMs }, this.#ledger.main.settings);
    }
  }

  /** Leaves out what is over already by what was seen since: the machine may have slept meanwhile. */
  async #withoutOver(won: Won[]): Promise<Won[]> {
    const ids = won.map(({ state }) => state.task_id);
    const gone = ids.filter((id) => this.#ledger.stateOf(id) === undefined);
    const settled = await settledAmong(this.#ledger, gone);
    return won.flatMap(({ state, ...rest }): Won[] => {
      const now = this.#ledger.stateOf(state.task_id) ?? state;
      if (settled.has(state.task_id) || isOver(now, state)) return [];
      const isCancelled = now.status === "cancelling" && now.claimed_at === state.claimed_at;
      return [{ ...rest, state: isCancelled ? now : state }];
    });
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
