/**
 * Ending at once: what runs is killed, whatever the worker is doing.
 *
 * @module
 */
import { systemClock } from "../clock.ts";
import type { Executor, Job } from "../executor/executor.ts";
import type { Execution } from "../protocol/result.ts";

/** Killing takes no longer than this, or it does not work at all. */
const KILL_TIME_MS = 5_000;

export class HardStop {
  readonly #running = new Set<Promise<unknown>>();

  /** @param signal kills everything that runs */
  constructor(private readonly signal: AbortSignal) {}

  /** The same executor, whose tasks die with the signal. */
  guard(executor: Executor): Executor {
    return {
      get runs() {
        return executor.runs;
      },
      run: (job, signal) => this.#run(executor, job, signal),
      removeLeftoversOf: async (nodeId) => await executor.removeLeftoversOf?.(nodeId),
    };
  }

  /**
   * Waits for the signal, and until everything that was killed is gone.
   *
   * @throws what `reason` makes; it never ends otherwise
   */
  over(reason: () => Error): Promise<never> {
    return new Promise((_, reject) => {
      this.signal.addEventListener("abort", async () => {
        const gone = Promise.allSettled([...this.#running]);
        await Promise.race([gone, systemClock.wait(KILL_TIME_MS)]);
        reject(reason());
      });
    });
  }

  async #run(executor: Executor, job: Job, signal: AbortSignal): Promise<Execution> {
    const run = executor.run(job, AbortSignal.any([signal, this.signal]));
    this.#running.add(run);
    try {
      return await run;
    } finally {
      this.#running.delete(run);
    }
  }
}
