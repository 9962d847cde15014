/**
 * What a worker has to say and has not been heard with yet.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Heard, Saying } from "../ledger/draft.ts";

const log = getLogger(["dgrid", "worker"]);

export class Outbox {
  #open: Saying[] = [];

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

  /** Notes what became of sayings; what nobody answered stays. */
  conclude(sayings: Saying[], heard: Heard[]): void {
    const answered = new Set<Saying>();
    heard.forEach((answer, index) => {
      const saying = sayings[index];
      if (answer.heard) answered.add(saying);
      else if (answer.refusal) {
        answered.add(saying);
        const { kind, task_id } = saying.event;
        log.warn("{task}: fenced, {kind} refused: {reason}", {
          task: task_id,
          kind,
          reason: answer.refusal.reason,
        });
      } else log.warn("{words}; it stays to be said", { words: answer.words });
    });
    this.#open = this.#open.filter((saying) => !answered.has(saying));
  }
}
