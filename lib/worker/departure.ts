/**
 * How a worker leaves: it finishes or hands back what runs, delivers, settles, and says goodbye.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Bell } from "./bell.ts";
import type { Outbox } from "./outbox.ts";
import type { Presence } from "./presence.ts";
import type { Pushes } from "./pushes.ts";
import type { Settler } from "./settler.ts";
import type { Slots } from "./slots.ts";
import type { WorkerCounters } from "./worker_counters.ts";
import type { WorkerOptions } from "./worker_options.ts";

const log = getLogger(["dgrid", "worker"]);

/** A worker that stops tries this long to deliver its last results. */
const DELIVERY_MS = 30_000;

interface Parts {
  presence: Presence;
  slots: Slots;
  outbox: Outbox;
  settler: Pick<Settler, "settleAtLast">;
  bell: Bell;
  pushes: Pick<Pushes, "longestWaitMs">;
  counters: WorkerCounters;
  /** How long to wait before the next look. */
  pauseMs(): number;
  /** Looks, and says what there is to say; passing trouble is told and let go. */
  deliver(): Promise<unknown>;
  look(): Promise<unknown>;
}

export class Departure {
  readonly #options: WorkerOptions;
  readonly #parts: Parts;

  constructor(options: WorkerOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** @throws {Error} when the last results could not be delivered; they are kept on the shelf */
  async leave(): Promise<void> {
    const { clock, graceMs } = this.#options;
    const { presence, slots, outbox } = this.#parts;
    presence.changeTo("draining");
    slots.stopWaiting(0);
    if (slots.size > 0) log.info("stopping: {count} still run", { count: slots.size });
    await this.#deliverUntil(() => slots.size === 0, clock.elapsedMs() + graceMs);
    slots.stopAll();
    await slots.ended();
    await this.#deliverUntil(() => outbox.size === 0, clock.elapsedMs() + this.#deliveryMs);
    await outbox.keep();
    const unsettled = await this.#settleAtLast();
    presence.changeTo("offline");
    await this.#parts.deliver();
    const goodbyeMs = this.#parts.pushes.longestWaitMs;
    await this.#deliverUntil(() => presence.isShown, clock.elapsedMs() + goodbyeMs);
    if (outbox.size > 0) {
      throw new Error(
        `stopping: ${outbox.size} results could not be delivered; they are kept in the local state ` +
          "and delivered when this node works again",
      );
    }
    if (unsettled !== undefined && this.#options.exitWhenIdle) throw unsettled;
  }

  /** Where pushes are few, its turn has to come first. */
  get #deliveryMs(): number {
    return Math.max(DELIVERY_MS, this.#parts.pushes.longestWaitMs);
  }

  /** Goes on saying what there is to say until something is so, or the time is over. */
  async #deliverUntil(isSo: () => boolean, deadlineMs: number): Promise<void> {
    const { clock } = this.#options;
    const { bell, counters, deliver, pauseMs } = this.#parts;
    while (!isSo() && clock.elapsedMs() < deadlineMs) {
      await deliver();
      if (isSo()) return;
      const leftMs = Math.min(pauseMs(), deadlineMs - clock.elapsedMs());
      await counters.timed("wait", () => bell.wait(clock, leftMs));
    }
  }

  /** Settles what is finished; gives the error where that failed: somebody else can do it. */
  async #settleAtLast(): Promise<Error | undefined> {
    const { counters, settler, look } = this.#parts;
    try {
      const isAll = this.#options.exitWhenIdle;
      await counters.timed("settle", () => settler.settleAtLast(isAll, look));
      return undefined;
    } catch (error) {
      log.warn("{message}; what is finished is settled later", {
        message: (error as Error).message,
      });
      return error as Error;
    }
  }
}
