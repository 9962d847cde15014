/**
 * Virtual time around real Git: it stands still while an operation of a store is under way, and
 * otherwise jumps to the next moment that somebody waits for. So an hour in which little happens
 * takes as long as what happens.
 *
 * @module
 */
import type { Store } from "../lib/ledger/store.ts";
import { Life } from "../tests/simulation/life.ts";
import { Scheduler } from "../tests/simulation/scheduler.ts";

export class SteppedTime {
  readonly #scheduler = new Scheduler();
  #underWay = 0;
  #stillness = Promise.withResolvers<void>();

  /** A clock of this time. What waits by it must otherwise wait for stores alone. */
  readonly clock = new Life(this.#scheduler, "worker", "worker", 0, 0);

  /** A store whose operations this time waits for. */
  over(store: Store): Store {
    return new Proxy(store, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => this.#waitingFor(value.apply(target, args));
      },
    });
  }

  /**
   * Lets time go on.
   *
   * @param isOver ends it early; asked each time that somebody's moment has come
   */
  async goOn(forMs: number, isOver: () => boolean = () => false): Promise<void> {
    const untilMs = this.#scheduler.now + forMs;
    // A mark in time, as otherwise it ends with the last moment that somebody waits for.
    this.#scheduler.at(untilMs, () => {});
    const pause = () => this.#underWay > 0 || isOver();
    while (await this.#scheduler.run(pause, untilMs)) {
      if (isOver()) return;
      await this.#stillness.promise;
    }
  }

  #waitingFor<T>(work: T): T {
    if (!(work instanceof Promise)) return work;
    if (this.#underWay++ === 0) this.#stillness = Promise.withResolvers();
    const done = () => {
      if (--this.#underWay === 0) this.#stillness.resolve();
    };
    work.then(done, done);
    return work;
  }
}
