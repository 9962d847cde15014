/**
 * What every executor promises: it runs one attempt at a task inside its limits and says how that
 * went. A task that fails is data; machinery that breaks throws.
 *
 * @module
 */
import type { Execution } from "../protocol/result.ts";
import type { Task } from "../protocol/task.ts";

/** One attempt to run. */
export interface Job {
  task: Task;
  attempt: number;
  /** The node that runs it; containers are labelled with it. */
  node_id: string;
  /** The image of a script that names none. */
  defaultImage: string;
  /** How many bytes of each of stdout, stderr and a module's output are kept. */
  outputLimitBytes: number;
}

/** Which kind of task: the executor is chosen by it. */
export type TaskKind = "script" | "module";

export interface Executor {
  /** What it can run on this machine, now. */
  readonly runs: readonly TaskKind[];
  /**
   * Runs one attempt to its end, within its limits.
   *
   * @param signal stops the attempt: everything of it is killed and removed, then it throws the
   * signal's reason
   * @throws {ExecutorBroken} when the machinery, not the task, is at fault
   */
  run(job: Job, signal: AbortSignal): Promise<Execution>;
  /**
   * Begins what a job that waits will need, such as the pull of its image. It changes nothing but
   * how long {@link run} takes: it may be left out, given again, or never be followed by a run, and
   * what fails in it is told by the run.
   */
  prepare?(job: Job): void;
  /**
   * Removes what an earlier life of a node has left here; absent where nothing outlives its worker.
   *
   * @throws {ExecutorBroken} when the machinery fails
   */
  removeLeftoversOf?(nodeId: string): Promise<void>;
}

/** The machinery that runs tasks broke; the task can be tried again elsewhere. */
export class ExecutorBroken extends Error {
  override name = "ExecutorBroken";
}

/** The kind of a task. */
export function kindOf(task: Task): TaskKind {
  return task.module === undefined ? "script" : "module";
}
