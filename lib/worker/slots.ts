/**
 * The attempts that run now.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import { type Executor, ExecutorBroken, kindOf, type TaskKind } from "../executor/executor.ts";
import type { Saying } from "../ledger/draft.ts";
import type { LiveState } from "../protocol/live_state.ts";
import { type Execution, notRun } from "../protocol/result.ts";
import type { Settings } from "../protocol/settings.ts";
import type { Task } from "../protocol/task.ts";
import { retryDelayMs } from "../scheduling/retry_delay.ts";

const log = getLogger(["dgrid", "worker"]);

/** With half a minute between two attempts on one node, machinery has had time to recover by then. */
const MAX_HANDED_BACK = 50;

/** An attempt that is over, and what is to be said about it. */
export interface Ended {
  saying: Saying;
  /** The kind of task that this machine cannot run for now, because its machinery broke. */
  broken?: TaskKind;
}

interface Running {
  stop: AbortController;
  /** Done when the attempt is over and was told of. */
  over: Promise<void>;
}

export class Slots {
  readonly #running = new Map<string, Running>();

  /**
   * @param onEnd is told of each attempt that is over
   */
  constructor(
    private readonly executor: Executor,
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly onEnd: (ended: Ended) => void,
  ) {}

  get size(): number {
    return this.#running.size;
  }

  /** The ids of the tasks that run now. */
  get taskIds(): string[] {
    return [...this.#running.keys()];
  }

  /** Starts an attempt that this node has won. */
  start(task: Task, state: LiveState, settings: Settings): void {
    const stop = new AbortController();
    log.info("{task}: started, attempt {attempt}", { task: task.task_id, attempt: state.attempt });
    const over = this.#run(task, state, settings, stop.signal).then((ended) => {
      this.#running.delete(task.task_id);
      this.onEnd(ended);
    });
    this.#running.set(task.task_id, { stop, over });
  }

  /** Ends an attempt whose spec cannot be read, so that nobody waits for it. */
  refuse(state: LiveState): void {
    const execution = notRun("rejected", "its spec on the live edge cannot be read");
    this.onEnd({ saying: this.#report(undefined, state, execution) });
  }

  /** Waits until nothing runs any more. */
  async ended(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ over }) => over));
  }

  /** Stops everything that runs; each attempt ends with a hand back. */
  stopAll(): void {
    for (const { stop } of this.#running.values()) {
      stop.abort(new DOMException("the worker stops", "AbortError"));
    }
  }

  /** Runs an attempt; never throws. */
  async #run(
    task: Task,
    state: LiveState,
    settings: Settings,
    signal: AbortSignal,
  ): Promise<Ended> {
    const job = {
      task,
      attempt: state.attempt,
      node_id: state.node_id,
      defaultImage: settings.default_image,
      outputLimitBytes: settings.output_limit_bytes,
    };
    try {
      const execution = await this.executor.run(job, signal);
      log.info("{task}: {status} after {ms} ms", {
        task: task.task_id,
        status: execution.status,
        ms: Math.round(execution.duration_ms),
      });
      return { saying: this.#report(task, state, execution) };
    } catch (error) {
      return this.#givenUp(task, state, signal, error as Error);
    }
  }

  #report(task: Task | undefined, state: LiveState, execution: Execution): Saying {
    const now = this.clock.now();
    const { task_id, node_id, attempt, claimed_at } = state;
    const delay = retryDelayMs(attempt, this.random());
    return {
      event: {
        kind: "report",
        task_id,
        node_id,
        attempt,
        claimed_at,
        at: now.toISOString(),
        outcome: execution.status,
        retries: task?.retries ?? 0,
        retry_at: new Date(now.getTime() + delay).toISOString(),
      },
      execution,
      task,
    };
  }

  #givenUp(task: Task, state: LiveState, signal: AbortSignal, error: Error): Ended {
    const { task_id, node_id, attempt, claimed_at } = state;
    const at = this.clock.now().toISOString();
    const saying: Saying = {
      event: { kind: "hand_back", task_id, node_id, attempt, claimed_at, at },
    };
    if (signal.aborted) return { saying };
    const why = error.message;
    if (!(error instanceof ExecutorBroken)) {
      // A defect of ours, which this task has found and would find again on every node.
      log.error("{task}: internal error: {why}", { task: task_id, why });
      log.debug("{error}", { error });
      return { saying: this.#report(task, state, notRun("rejected", `internal error: ${why}`)) };
    }
    if (isHopeless(state)) {
      const reason =
        `given up after ${state.attempts.length} attempts that no node could run: ${why}`;
      return { saying: this.#report(task, state, notRun("rejected", reason)) };
    }
    log.error("{task}: handed back, it could not be run here: {why}", { task: task_id, why });
    return { saying, broken: kindOf(task) };
  }
}

/** Whether a task has been handed back so often that it, and not the nodes, must be at fault. */
function isHopeless({ attempts }: LiveState): boolean {
  return attempts.filter(({ outcome }) => outcome === "handed_back").length >= MAX_HANDED_BACK;
}
