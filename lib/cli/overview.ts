/**
 * What a grid looks like in numbers, and which task is where.
 *
 * @module
 */
import type { Ledger } from "../ledger/ledger.ts";
import { isResultFolder } from "../protocol/layout.ts";
import { finalStatusOf, type LiveState } from "../protocol/live_state.ts";
import { PRIORITIES, type Priority } from "../protocol/task.ts";
import type { LISTED_STATES } from "./options.ts";

/** A task and where it is. */
export interface ListedTask {
  task_id: string;
  state: typeof LISTED_STATES[number];
  /** Of tasks on the live edge: the owner of the current or last attempt. */
  node_id?: string;
  attempt?: number;
  /** Of waiting tasks. */
  priority?: Priority;
  /** Of finished tasks that are not settled yet: how they ended. */
  status?: string;
  /** Of files in the queue that are no tasks: why not. */
  problem?: string;
}

/** How many tasks are where. */
export interface Counts {
  queued: Record<Priority, number>;
  /** Files in the queue that are no tasks; a worker will reject them. */
  invalid: number;
  claimed: number;
  retrying: number;
  cancelling: number;
  finished: number;
  completed: number;
  failed: number;
}

/** Counts the tasks of a grid, as last seen. */
export async function countTasks(ledger: Ledger): Promise<Counts> {
  const queued = queuedTasks(ledger);
  const states = [...ledger.states()];
  const inState = (wanted: LiveState["status"]) =>
    states.filter(({ status }) => status === wanted).length;
  return {
    queued: Object.fromEntries(
      PRIORITIES.map((it) => [it, queued.filter(({ priority }) => priority === it).length]),
    ) as Record<Priority, number>,
    invalid: queued.filter(({ problem }) => problem !== undefined).length,
    claimed: inState("claimed"),
    retrying: inState("retrying"),
    cancelling: inState("cancelling"),
    finished: inState("finished"),
    completed: (await settledTasks(ledger, "completed")).length,
    failed: (await settledTasks(ledger, "failed")).length,
  };
}

/** All tasks of a grid, those that still have a way to go first. */
export async function listTasks(ledger: Ledger): Promise<ListedTask[]> {
  return [
    ...[...ledger.states()].map(liveTask),
    ...queuedTasks(ledger),
    ...await settledTasks(ledger, "completed"),
    ...await settledTasks(ledger, "failed"),
  ];
}

function liveTask(state: LiveState): ListedTask {
  const { task_id, node_id, attempt } = state;
  const task: ListedTask = { task_id, state: state.status, node_id, attempt };
  return state.status === "finished" ? { ...task, status: finalStatusOf(state) } : task;
}

/** What waits on the branch and is in nobody's hands, in the order of its priority. */
function queuedTasks(ledger: Ledger): ListedTask[] {
  const waiting = [...ledger.main.queue.values()].filter(({ task_id }) =>
    ledger.stateOf(task_id) === undefined
  );
  const listed = waiting.map(({ task_id, content }): ListedTask => ({
    task_id,
    state: "queued",
    ..."task" in content ? { priority: content.task.priority } : { problem: content.problem },
  }));
  const rank = ({ priority }: ListedTask) => priority ? PRIORITIES.indexOf(priority) : -1;
  return listed.sort((a, b) => rank(a) - rank(b));
}

async function settledTasks(
  ledger: Ledger,
  state: "completed" | "failed",
): Promise<ListedTask[]> {
  const entries = await ledger.store.list(
    ledger.main.commit,
    `tasks/${state}`,
    isResultFolder,
  );
  return entries.filter(({ path }) => path.endsWith(".json")).map(({ path }) => ({
    task_id: path.slice(path.lastIndexOf("/") + 1, -".json".length),
    state,
  }));
}
