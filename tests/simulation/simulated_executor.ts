import {
  type Executor,
  ExecutorBroken,
  type Job,
  type TaskKind,
} from "../../lib/executor/executor.ts";
import { type Execution, notRun } from "../../lib/protocol/result.ts";
import { type Container, type Containers, LONGEST_KILL_MS } from "./containers.ts";
import type { Life } from "./life.ts";

/** So often a container cannot be started. */
const BROKEN_RATE = 0.01;

/** Runs attempts in simulated containers. */
export class SimulatedExecutor implements Executor {
  readonly runs: readonly TaskKind[] = ["script", "module"];

  constructor(
    private readonly containers: Containers,
    private readonly life: Life,
  ) {}

  removeLeftoversOf(nodeId: string): Promise<void> {
    this.containers.removeLeftovers(nodeId);
    return Promise.resolve();
  }

  run(job: Job, signal: AbortSignal): Promise<Execution> {
    const { world } = this.containers;
    if (!world.weather.isCalm && world.random() < BROKEN_RATE) {
      world.weather.count("broken machinery");
      return Promise.reject(new ExecutorBroken("starting a container: no engine"));
    }
    const container = this.containers.start(this.life, job);
    return new Promise((resolve, reject) => {
      this.#endLater(container, resolve);
      signal.addEventListener("abort", () => {
        this.life.in(world.between(0, LONGEST_KILL_MS), () => {
          this.containers.end(container, false);
          reject(signal.reason);
        });
      }, { once: true });
    });
  }

  /** The container ends by itself; the worker hears of it when it can. */
  #endLater(container: Container, tell: (execution: Execution) => void): void {
    const { containers, life } = this;
    const runtimeMs = containers.runtimeMs();
    let paidMs = life.sleptMs;
    const end = () => {
      // While the machine sleeps, its containers do not go on.
      const owedMs = life.sleptMs - paidMs;
      paidMs = life.sleptMs;
      if (owedMs > 0) return void containers.world.scheduler.in(owedMs, end);
      containers.end(container, true);
      life.in(0, () => tell(executionOf(container, runtimeMs)));
    };
    containers.world.scheduler.in(runtimeMs, end);
  }
}

function executionOf({ id, status }: Container, duration_ms: number): Execution {
  const exit_code = { success: 0, failed: 1, timeout: -2 }[status];
  const reason = status === "timeout" ? "it took too long" : undefined;
  return { ...notRun(status, ""), exit_code, output: { container: id }, duration_ms, reason };
}
