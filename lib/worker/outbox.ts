/**
 * What a worker has to say and has not been heard with yet.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Heard, Saying } from "../ledger/draft.ts";
import type { Shelf } from "./shelf.ts";
import { Warnings } from "./warnings.ts";

const log = getLogger(["dgrid", "worker"]);

export class Outbox {
  #open: Saying[] = [];
  /** What stands on the shelf, too. */
  readonly #kept = new Set<Saying>();
  /** What may stand there, because keeping it failed half-way. */
  readonly #halfKept = new Set<Saying>();
  readonly #shelf: Shelf;
  readonly #warnings = new Warnings();

  /** @param shelf keeps what cannot be said now, also when this process ends */
  constructor(shelf: Shelf) {
    this.#shelf = shelf;
  }

  get size(): number {
    return this.#open.length;
  }

  /** A copy: more can come in while these are being said. */
  get open(): Saying[] {
    return [...this.#open];
  }

  /** The tasks that something is to be said about. */
  get taskIds(): string[] {
    return this.#open.map(({ event }) => event.task_id);
  }

  add(...sayings: Saying[]): void {
    this.#open.push(...sayings);
  }

  /** Takes up what an earlier life could not deliver. */
  async load(): Promise<void> {
    const left = await this.#shelf.load();
    for (const saying of left) {
      this.#kept.add(saying);
      this.#halfKept.add(saying);
    }
    this.add(...left);
    if (left.length > 0) {
      log.info("{count} results of an earlier life are still to be delivered", {
        count: left.length,
      });
    }
  }

  /** Puts what is still to be said on the shelf. */
  async keep(): Promise<void> {
    const fresh = this.#open.filter((saying) => !this.#kept.has(saying));
    if (fresh.length === 0) return;
    for (const saying of fresh) this.#halfKept.add(saying);
    try {
      await this.#shelf.keep(fresh);
      for (const saying of fresh) this.#kept.add(saying);
    } catch (error) {
      // They are still in memory, and kept with the next trouble.
      const { message } = error as Error;
      log.warn("{message}; what waits to be said is lost if this worker is killed", { message });
    }
  }

  /**
   * Notes what became of sayings; what nobody answered stays.
   *
   * @param delivered those that were refused because they had been heard before
   */
  async conclude(
    sayings: Saying[],
    heard: Heard[],
    delivered: ReadonlySet<Saying>,
  ): Promise<void> {
    const answered = new Set(
      sayings.filter((saying, index) =>
        delivered.has(saying) || this.#isAnswer(saying, heard[index])
      ),
    );
    this.#open = this.#open.filter((saying) => !answered.has(saying));
    await this.#drop([...answered].filter((saying) => this.#halfKept.delete(saying)));
    for (const saying of answered) this.#kept.delete(saying);
  }

  async #drop(shelved: Saying[]): Promise<void> {
    if (shelved.length === 0) return;
    try {
      await this.#shelf.drop(shelved);
    } catch (error) {
      // Said again by the next life, they are found to have been heard, or fenced.
      log.warn("{message}", { message: (error as Error).message });
    }
  }

  /** Whether a saying was answered, one way or the other; tells of what was not taken. */
  #isAnswer({ event: { kind, task_id } }: Saying, answer: Heard): boolean {
    if (!answer.heard && answer.refusal === undefined) {
      if (!answer.isWaiting) this.#warnings.warn(task_id, `${answer.words}; it stays to be said`);
      return false;
    }
    this.#warnings.clear(task_id);
    if (answer.heard) return true;
    const { reason } = answer.refusal!;
    log.warn("{task}: fenced, {kind} refused: {reason}", { task: task_id, kind, reason });
    return true;
  }
}
