/**
 * Sends each kind of task to the executor that is made for it.
 *
 * @module
 */
import type { Execution } from "../protocol/result.ts";
import { type Executor, ExecutorBroken, type Job, kindOf, type TaskKind } from "./executor.ts";

/** Runs what any of its parts runs: the first that can, does. */
export class AutoExecutor implements Executor, AsyncDisposable {
  readonly runs: readonly TaskKind[];
  readonly #parts: readonly (Executor & AsyncDisposable)[];

  /** @param parts are disposed of with this executor */
  constructor(...parts: (Executor & AsyncDisposable)[]) {
    this.#parts = parts;
    this.runs = parts.flatMap((part) => part.runs);
  }

  /** @throws {ExecutorBroken} also for a kind of task that no part runs */
  async run(job: Job, signal: AbortSignal): Promise<Execution> {
    const kind = kindOf(job.task);
    const part = this.#partFor(kind);
    if (part !== undefined) return await part.run(job, signal);
    throw new ExecutorBroken(`running ${job.task.task_id}: there is no executor for a ${kind}`);
  }

  prepare(job: Job): void {
    this.#partFor(kindOf(job.task))?.prepare?.(job);
  }

  async removeLeftoversOf(nodeId: string): Promise<void> {
    for (const part of this.#parts) await part.removeLeftoversOf?.(nodeId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of this.#parts) await part[Symbol.asyncDispose]();
  }

  #partFor(kind: TaskKind): Executor | undefined {
    return this.#parts.find(({ runs }) => runs.includes(kind));
  }
}
