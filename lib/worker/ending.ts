/**
 * How an attempt of this node ends, and what is said about it.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import { ExecutorBroken, kindOf, type TaskKind } from "../executor/executor.ts";
import type { Saying } from "../ledger/draft.ts";
import type { LiveState } from "../protocol/live_state.ts";
import { type Execution, notRun } from "../protocol/result.ts";
import type { Task } from "../protocol/task.ts";
import { retryDelayMs } from "../scheduling/retry_delay.ts";
import type { StopReason } from "./stopped.ts";

const log = getLogger(["dgrid", "worker"]);

/** With half a minute between two attempts on one node, machinery has had time to recover by then. */
const MAX_HANDED_BACK = 50;

const CANCELLED = notRun("cancelled", "it was cancelled while it ran");

/** An attempt that is over. */
export interface Ended {
  /** What is to be said about it; nothing where it is over for everybody else already. */
  saying?: Saying;
  /** The kind of task that this machine cannot run for now, because its machinery broke. */
  broken?: TaskKind;
  /** How long it ran, in milliseconds; absent where it did not run to its end. */
  ranMs?: number;
}

/** An attempt that this node owns. */
export interface Attempt {
  /** Undefined where nobody can read it. */
  task?: Task;
  state: LiveState;
}

export class Ending {
  readonly #clock: Pick<Clock, "now">;
  readonly #random: () => number;

  /** @param random from 0 to less than 1; spreads when tasks are tried again */
  constructor({ clock, random }: { clock: Pick<Clock, "now">; random(): number }) {
    this.#clock = clock;
    this.#random = random;
  }

  /** It was run to its end. */
  ran(attempt: Attempt, execution: Execution, ranMs: number): Ended {
    return { saying: this.#report(attempt, execution), ranMs };
  }

  /** It was cancelled before it could be started. */
  skipped(attempt: Attempt): Ended {
    return { saying: this.#report(attempt, CANCELLED) };
  }

  /** Its spec cannot be read, so it ends: nobody shall wait for it. */
  unreadable(state: LiveState): Ended {
    const execution = notRun("rejected", "its spec on the live edge cannot be read");
    return { saying: this.#report({ state }, execution) };
  }

  /** It was stopped. */
  stopped(attempt: Attempt, why: StopReason): Ended {
    switch (why) {
      case "fenced":
        return {};
      case "cancelled":
        return { saying: this.#report(attempt, CANCELLED) };
      default:
        return { saying: this.#handBack(attempt) };
    }
  }

  /** It could not be run. */
  givenUp(attempt: Attempt & { task: Task }, error: Error): Ended {
    const { task, state } = attempt;
    const why = error.message;
    const refused = (reason: string) => ({
      saying: this.#report(attempt, notRun("rejected", reason)),
    });
    if (!(error instanceof ExecutorBroken)) {
      // A defect of ours, which this task has found and would find again on every node.
      log.error("{task}: internal error: {why}", { task: state.task_id, why });
      log.debug("{error}", { error });
      return refused(`internal error: ${why}`);
    }
    if (isHopeless(state)) {
      const count = state.attempts.length;
      return refused(`given up after ${count} attempts that no node could run: ${why}`);
    }
    log.error("{task}: handed back, it could not be run here: {why}", { task: state.task_id, why });
    return { saying: this.#handBack(attempt), broken: kindOf(task) };
  }

  #report({ task, state }: Attempt, execution: Execution): Saying {
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

  #handBack({ state: { task_id, node_id, attempt, claimed_at } }: Attempt): Saying {
    const at = this.#clock.now().toISOString();
    return { event: { kind: "hand_back", task_id, node_id, attempt, claimed_at, at } };
  }
}

/** Whether a task has been handed back so often that it, and not the nodes, must be at fault. */
function isHopeless({ attempts }: LiveState): boolean {
  return attempts.filter(({ outcome }) => outcome === "handed_back").length >= MAX_HANDED_BACK;
}
