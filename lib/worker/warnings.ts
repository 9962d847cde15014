import { getLogger } from "@logtape/logtape";

const log = getLogger(["dgrid", "worker"]);

/** Warns of each thing once, and again only when there is something else to say of it. */
export class Warnings {
  readonly #last = new Map<string, string>();

  warn(topic: string, message: string): void {
    if (this.#last.get(topic) === message) return;
    this.#last.set(topic, message);
    log.warn("{message}", { message });
  }

  /** The trouble is over; should it come back, it is told again. */
  clear(topic: string): void {
    this.#last.delete(topic);
  }
}
