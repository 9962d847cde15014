/**
 * The attempts that this node has in its hands: those that run, and those that wait for their turn.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import type { LiveState } from "../protocol/live_state.ts";
import { isOver } from "../protocol/transition.ts";
import type { Settings } from "../protocol/settings.ts";
import type { Task } from "../protocol/task.ts";
import { type Ended, Ending } from "./ending.ts";
import { Runner } from "./runner.ts";
import { Stopped, type StopReason } from "./stopped.ts";
import { Turnstile } from "./turnstile.ts";
import type { WorkerOptions } from "./worker_options.ts";

const log = getLogger(["dgrid", "worker"]);

type SlotsOptions = Pick<WorkerOptions, "executor" | "clock" | "random" | "parallel">;

/** An attempt that this node has won. */
export interface Start {
  task: Task;
  state: LiveState;
  /** When the claim began to be sent, by the clock's `elapsedMs`. */
  sentMs: number;
}

interface InHand {
  state: LiveState;
  sentMs: number;
  /** When it was taken into our hands, by the clock's `elapsedMs`. */
  takenMs: number;
  /** When its turn came; undefined while it waits for it. */
  begunMs?: number;
  stop: AbortController;
  /** Done when the attempt is over and was told of. */
  over: Promise<void>;
}

export class Slots {
  readonly #inHand = new Map<string, InHand>();
  readonly #turns: Turnstile;
  readonly #clock: Clock;
  readonly #ending: Ending;
  readonly #runner: Runner;
  readonly #onEnd: (ended: Ended) => void;
  readonly #onBegin: (taskId: string) => void;

  /**
   * @param options `parallel` attempts run at once
   * @param onEnd is told of each attempt that is over
   * @param isTrusted whether nobody else can have taken an attempt whose claim was sent at a moment
   * @param onBegin is told of each attempt whose turn has come
   */
  constructor(
    options: SlotsOptions,
    onEnd: (ended: Ended) => void,
    isTrusted: (sentMs: number) => boolean,
    onBegin: (taskId: string) => void = () => {},
  ) {
    const { executor, clock, parallel } = options;
    this.#clock = clock;
    this.#onEnd = onEnd;
    this.#onBegin = onBegin;
    this.#turns = new Turnstile(parallel);
    this.#ending = new Ending(options);
    const [turns, ending] = [this.#turns, this.#ending];
    this.#runner = new Runner({ executor, clock, turns, ending, isTrusted });
  }

  /** How many attempts are in hand. */
  get size(): number {
    return this.#inHand.size;
  }

  /** How many of them wait for their turn. */
  get waiting(): number {
    return this.#turns.waiting;
  }

  /** The ids of the tasks in hand. */
  get taskIds(): string[] {
    return [...this.#inHand.keys()];
  }

  /** The ids of the tasks that run now. */
  get runningIds(): string[] {
    return this.#begun().map(([task_id]) => task_id);
  }

  /** What is in hand, and when its claim began to be sent. */
  get claims(): { task_id: string; sentMs: number }[] {
    return [...this.#inHand].map(([task_id, { sentMs }]) => ({ task_id, sentMs }));
  }

  /** For how long that has run which began last, in milliseconds; undefined where nothing runs. */
  get youngestMs(): number | undefined {
    const begun = this.#begun();
    if (begun.length === 0) return undefined;
    return this.#clock.elapsedMs() - Math.max(...begun.map(([, { begunMs }]) => begunMs!));
  }

  #begun(): [string, InHand][] {
    return [...this.#inHand].filter(([, { begunMs }]) => begunMs !== undefined);
  }

  /** Takes an attempt into hand; it is run as soon as there is a free slot. */
  start({ task, state, sentMs }: Start, settings: Settings): void {
    const inHand: InHand = {
      state,
      sentMs,
      takenMs: this.#clock.elapsedMs(),
      stop: new AbortController(),
      over: Promise.resolve(),
    };
    this.#inHand.set(task.task_id, inHand);
    const onTurn = () => {
      inHand.begunMs = this.#clock.elapsedMs();
      this.#onBegin(task.task_id);
    };
    const { signal } = inHand.stop;
    const runnable = { task, state, sentMs, settings };
    inHand.over = this.#runner.run(runnable, signal, onTurn).then((ended) => {
      this.#inHand.delete(task.task_id);
      this.#onEnd(ended);
    });
  }

  /**
   * Stops what is not to go on, by what was last seen of the ledger.
   *
   * @param settled tasks that have their result already
   */
  review(
    stateOf: (taskId: string) => LiveState | undefined,
    settled: ReadonlySet<string>,
  ): void {
    for (const [task_id, { state: own, stop }] of this.#inHand) {
      const now = stateOf(task_id);
      if (stop.signal.aborted) continue;
      if (now === undefined ? settled.has(task_id) : isOver(now, own)) {
        log.warn("{task}: fenced: attempt {attempt} was taken away, the task is {what} now", {
          task: task_id,
          attempt: own.attempt,
          what: now === undefined ? "settled" : `${now.status} by ${now.node_id}`,
        });
        this.stop(task_id, "fenced");
      } else if (now?.status === "cancelling" && now.claimed_at === own.claimed_at) {
        log.info("{task}: stopped, it was cancelled", { task: task_id });
        this.stop(task_id, "cancelled");
      }
    }
  }

  /** Ends an attempt that was cancelled before it could be started. */
  skip(task: Task, state: LiveState): void {
    this.#onEnd(this.#ending.skipped({ task, state }));
  }

  /** Ends an attempt whose spec cannot be read, so that nobody waits for it. */
  refuse(state: LiveState): void {
    this.#onEnd(this.#ending.unreadable(state));
  }

  /** Waits until nothing is in hand any more. */
  async ended(): Promise<void> {
    await Promise.all([...this.#inHand.values()].map(({ over }) => over));
  }

  /** Stops an attempt. */
  stop(taskId: string, why: StopReason): void {
    this.#inHand.get(taskId)?.stop.abort(new Stopped(why));
  }

  /** Stops everything in hand. */
  stopAll(): void {
    for (const taskId of this.taskIds) this.stop(taskId, "leaving");
  }

  /** Begins nothing until {@link goOn}: what has been seen, but not read yet, may tell that it is over. */
  hold(): void {
    this.#turns.shut();
  }

  goOn(): void {
    this.#turns.open();
  }

  /** Stops what has waited for its turn for longer than this; others may begin it earlier. */
  stopWaiting(longerThanMs: number): void {
    const now = this.#clock.elapsedMs();
    for (const [task_id, { begunMs, takenMs }] of this.#inHand) {
      if (begunMs === undefined && now - takenMs >= longerThanMs) this.stop(task_id, "leaving");
    }
  }
}
