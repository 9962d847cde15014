/**
 * The attempts that this node has in its hands: those that run, and those that wait for their turn.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import { type Executor, ExecutorBroken, kindOf, type TaskKind } from "../executor/executor.ts";
import type { Saying } from "../ledger/draft.ts";
import type { LiveState } from "../protocol/live_state.ts";
import { type Execution, notRun } from "../protocol/result.ts";
import { isOver } from "../protocol/transition.ts";
import type { Settings } from "../protocol/settings.ts";
import type { Task } from "../protocol/task.ts";
import { retryDelayMs } from "../scheduling/retry_delay.ts";
import { Stopped, type StopReason } from "./stopped.ts";
import { Turnstile } from "./turnstile.ts";
import type { WorkerOptions } from "./worker_options.ts";

const log = getLogger(["dgrid", "worker"]);

/** With half a minute between two attempts on one node, machinery has had time to recover by then. */
const MAX_HANDED_BACK = 50;

const CANCELLED = notRun("cancelled", "it was cancelled while it ran");

type SlotsOptions = Pick<WorkerOptions, "executor" | "clock" | "random" | "parallel">;

/** An attempt that is over. */
export interface Ended {
  /** What is to be said about it; nothing where it is over for everybody else already. */
  saying?: Saying;
  /** The kind of task that this machine cannot run for now, because its machinery broke. */
  broken?: TaskKind;
  /** How long it ran, in milliseconds; absent where it did not run to its end. */
  ranMs?: number;
}

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
  readonly #executor: Executor;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #onEnd: (ended: Ended) => void;
  readonly #isTrusted: (sentMs: number) => boolean;
  readonly #onBegin: (taskId: string) => void;

  /**
   * @param options `parallel` attempts run at once
   * @param onEnd is told of each attempt that is over
   * @param isTrusted whether nobody else can have taken an attempt whose claim was sent at a moment
   * @param onBegin is told of each attempt whose turn has come
   */
  constructor(
    { executor, clock, random, parallel }: SlotsOptions,
    onEnd: (ended: Ended) => void,
    isTrusted: (sentMs: number) => boolean,
    onBegin: (taskId: string) => void = () => {},
  ) {
    this.#executor = executor;
    this.#clock = clock;
    this.#random = random;
    this.#onEnd = onEnd;
    this.#isTrusted = isTrusted;
    this.#onBegin = onBegin;
    this.#turns = new Turnstile(parallel);
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
    inHand.over = this.#run(task, inHand, settings).then((ended) => {
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
    this.#onEnd({ saying: this.#report(task, state, CANCELLED) });
  }

  /** Ends an attempt whose spec cannot be read, so that nobody waits for it. */
  refuse(state: LiveState): void {
    const execution = notRun("rejected", "its spec on the live edge cannot be read");
    this.#onEnd({ saying: this.#report(undefined, state, execution) });
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

  /** Runs an attempt when its turn has come; never throws. */
  async #run(task: Task, inHand: InHand, settings: Settings): Promise<Ended> {
    const { state, stop: { signal } } = inHand;
    try {
      await this.#turns.enter(signal);
    } catch {
      return this.#stopped(task, state, signal.reason.why);
    }
    inHand.begunMs = this.#clock.elapsedMs();
    this.#onBegin(task.task_id);
    try {
      // It can have been stopped after its turn had come, and before it is here.
      if (signal.aborted) return this.#stopped(task, state, signal.reason.why);
      // This process can have stood still since, and its turn come before the guard of its lease does.
      if (!this.#isTrusted(inHand.sentMs)) return this.#stopped(task, state, "unrenewed");
      return await this.#runNow(task, state, settings, signal);
    } finally {
      this.#turns.leave();
    }
  }

  async #runNow(
    task: Task,
    state: LiveState,
    settings: Settings,
    signal: AbortSignal,
  ): Promise<Ended> {
    log.info("{task}: started, attempt {attempt}", { task: task.task_id, attempt: state.attempt });
    const job = {
      task,
      attempt: state.attempt,
      node_id: state.node_id,
      defaultImage: settings.default_image,
      outputLimitBytes: settings.output_limit_bytes,
    };
    try {
      const beganMs = this.#clock.elapsedMs();
      const execution = await this.#executor.run(job, signal);
      log.info("{task}: {status} after {ms} ms", {
        task: task.task_id,
        status: execution.status,
        ms: Math.round(execution.duration_ms),
      });
      const ranMs = this.#clock.elapsedMs() - beganMs;
      return { saying: this.#report(task, state, execution), ranMs };
    } catch (error) {
      if (signal.reason instanceof Stopped) return this.#stopped(task, state, signal.reason.why);
      return this.#givenUp(task, state, error as Error);
    }
  }

  #report(task: Task | undefined, state: LiveState, execution: Execution): Saying {
    const now = this.#clock.now();
    const { task_id, node_id, attempt, claimed_at } = state;
    const delay = retryDelayMs(attempt, this.#random());
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

  #stopped(task: Task, state: LiveState, why: StopReason): Ended {
    switch (why) {
      case "fenced":
        return {};
      case "cancelled":
        return { saying: this.#report(task, state, CANCELLED) };
      default:
        return { saying: this.#handBack(state) };
    }
  }

  #handBack({ task_id, node_id, attempt, claimed_at }: LiveState): Saying {
    const at = this.#clock.now().toISOString();
    return { event: { kind: "hand_back", task_id, node_id, attempt, claimed_at, at } };
  }

  #givenUp(task: Task, state: LiveState, error: Error): Ended {
    const { task_id } = state;
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
    return { saying: this.#handBack(state), broken: kindOf(task) };
  }
}

/** Whether a task has been handed back so often that it, and not the nodes, must be at fault. */
function isHopeless({ attempts }: LiveState): boolean {
  return attempts.filter(({ outcome }) => outcome === "handed_back").length >= MAX_HANDED_BACK;
}
