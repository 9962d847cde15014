import type { Executor, Job, TaskKind } from "../../lib/executor/executor.ts";
import { type Execution, notRun } from "../../lib/protocol/result.ts";

/** How an attempt goes: at once with a status, or later when the test says so. */
type Behaviour = (job: Job, signal: AbortSignal) => Promise<Execution>;

/** An executor that runs nothing and remembers what it was asked for. */
export class FakeExecutor implements Executor {
  /** Each attempt that was started: `<task_id>#<attempt>`. */
  readonly started: string[] = [];

  constructor(
    readonly runs: readonly TaskKind[] = ["script", "module"],
    private readonly behave: Behaviour = () => Promise.resolve(executionOf("success")),
  ) {}

  run(job: Job, signal: AbortSignal): Promise<Execution> {
    this.started.push(`${job.task.task_id}#${job.attempt}`);
    return this.behave(job, signal);
  }
}

export function executionOf(status: Execution["status"]): Execution {
  return { ...notRun("rejected", ""), status, exit_code: status === "success" ? 0 : 1 };
}

/** An attempt that goes on until it is stopped. */
export function untilStopped(_job: Job, signal: AbortSignal): Promise<Execution> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}
