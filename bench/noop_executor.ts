import type { Executor, Job } from "../lib/executor/executor.ts";
import type { Execution } from "../lib/protocol/result.ts";

/** An executor whose tasks succeed at once, so that all that takes time is the grid. */
export class NoopExecutor implements Executor {
  readonly runs = ["script", "module"] as const;
  /** The ids of what was run, in that order. */
  readonly ran: string[] = [];

  /** @param onRun is told how many there were */
  constructor(private readonly onRun: (count: number) => void = () => {}) {}

  run(job: Job): Promise<Execution> {
    this.onRun(this.ran.push(job.task.task_id));
    return Promise.resolve({
      status: "success",
      exit_code: 0,
      stdout: "",
      stderr: "",
      stdout_truncated: false,
      stderr_truncated: false,
      started_at: new Date().toISOString(),
      duration_ms: 0,
    });
  }
}
