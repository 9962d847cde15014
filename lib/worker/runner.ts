/**
 * Runs an attempt in its turn.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import type { Executor, Job } from "../executor/executor.ts";
import type { LiveState } from "../protocol/live_state.ts";
import type { Settings } from "../protocol/settings.ts";
import type { Task } from "../protocol/task.ts";
import type { Ended, Ending } from "./ending.ts";
import { Stopped } from "./stopped.ts";
import type { Turnstile } from "./turnstile.ts";

const log = getLogger(["dgrid", "worker"]);

/** An attempt that is to be run. */
export interface Runnable {
  task: Task;
  state: LiveState;
  /** When the claim began to be sent, by the clock's `elapsedMs`. */
  sentMs: number;
  /** As they were when it was won. */
  settings: Settings;
}

interface Parts {
  executor: Executor;
  clock: Pick<Clock, "elapsedMs">;
  turns: Turnstile;
  ending: Ending;
  /** Whether nobody else can have taken an attempt whose claim was sent at a moment. */
  isTrusted(sentMs: number): boolean;
}

export class Runner {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Runs an attempt when its turn has come; never throws. While it waits for its turn, the executor
   * gets ready for it.
   *
   * @param signal stops it; its reason is a {@link Stopped}
   * @param onTurn is told when the turn has come
   */
  async run(attempt: Runnable, signal: AbortSignal, onTurn: () => void): Promise<Ended> {
    const { turns, ending, isTrusted } = this.#parts;
    if (!turns.isFree) this.#prepare(attempt);
    try {
      await turns.enter(signal);
    } catch {
      return ending.stopped(attempt, signal.reason.why);
    }
    onTurn();
    try {
      // It can have been stopped after its turn had come, and before it is here.
      if (signal.aborted) return ending.stopped(attempt, signal.reason.why);
      // This process can have stood still since, and its turn come before the guard of its lease does.
      if (!isTrusted(attempt.sentMs)) return ending.stopped(attempt, "unrenewed");
      return await this.#runNow(attempt, signal);
    } finally {
      turns.leave();
    }
  }

  #prepare(attempt: Runnable): void {
    try {
      this.#parts.executor.prepare?.(jobOf(attempt));
    } catch (error) {
      // Whatever is wrong: the run will meet it, or there is none.
      log.debug("{task}: preparing: {error}", { task: attempt.state.task_id, error });
    }
  }

  async #runNow(attempt: Runnable, signal: AbortSignal): Promise<Ended> {
    const { executor, clock, ending } = this.#parts;
    const { task_id, attempt: number } = attempt.state;
    log.info("{task}: started, attempt {attempt}", { task: task_id, attempt: number });
    try {
      const beganMs = clock.elapsedMs();
      const execution = await executor.run(jobOf(attempt), signal);
      log.info("{task}: {status} after {ms} ms", {
        task: task_id,
        status: execution.status,
        ms: Math.round(execution.duration_ms),
      });
      return ending.ran(attempt, execution, clock.elapsedMs() - beganMs);
    } catch (error) {
      if (signal.reason instanceof Stopped) return ending.stopped(attempt, signal.reason.why);
      return ending.givenUp(attempt, error as Error);
    }
  }
}

function jobOf({ task, state, settings }: Runnable): Job {
  return {
    task,
    attempt: state.attempt,
    node_id: state.node_id,
    defaultImage: settings.default_image,
    outputLimitBytes: settings.output_limit_bytes,
  };
}
