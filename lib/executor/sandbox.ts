/**
 * Runs modules in a process of their own that has no permission at all. It needs no container
 * engine and starts in tens of milliseconds.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { run, type RunResult } from "../process.ts";
import type { Execution } from "../protocol/result.ts";
import { asBroken } from "./as_broken.ts";
import type { Executor, Job } from "./executor.ts";
import { FramedOutput } from "./framed_output.ts";
import { mustBeWatched } from "./module_text.ts";
import { measureBaseline } from "./sandbox_baseline.ts";
import {
  type EngineLimits,
  type KernelLimits,
  type Launch,
  sandboxLaunch,
  underLimits,
} from "./sandbox_launch.ts";
import { OUTPUT_TOO_DEEP, sandboxOutcome } from "./sandbox_outcome.ts";
import { composeProgram } from "./sandbox_program.ts";

/** What a {@link SandboxExecutor} is made of. */
export interface SandboxOptions {
  /** How to start a sandbox; by default as this program was started. */
  launch?: (limits: EngineLimits) => Launch;
}

/** Two idle sandboxes differ by a few MiB; threads that V8 starts later reserve their stacks. */
const DATA_MARGIN_KIB = 24 * 1024;
/** What an orphan may go on for after its task's time. */
const LIFE_MARGIN_SECONDS = 10;

const logger = getLogger(["dgrid", "executor"]);

/** Runs modules in the embedded sandbox. */
export class SandboxExecutor implements Executor, AsyncDisposable {
  readonly runs = ["module"] as const;
  readonly #launch: (limits: EngineLimits) => Launch;
  #baseline?: Promise<number | undefined>;

  constructor({ launch }: SandboxOptions = {}) {
    const { standalone } = Deno.build;
    this.#launch = launch ?? ((limits) => sandboxLaunch(Deno.execPath(), standalone, limits));
  }

  async run(job: Job, signal: AbortSignal): Promise<Execution> {
    signal.throwIfAborted();
    const { module, task_id } = job.task;
    if (module === undefined) throw new TypeError(`running ${task_id}: it has no module`);
    const nonce = crypto.randomUUID();
    const output = new FramedOutput(nonce, job.outputLimitBytes);
    const limits = await this.#limits(job);
    const began = new Date();
    const result = await this.#start(job, programOf(job, module, nonce), limits, output, signal);
    return {
      ...sandboxOutcome(job.task, result, output.frame),
      started_at: began.toISOString(),
      duration_ms: Math.round(result.durationMs),
    };
  }

  /** Measures what the first task would have to wait for. */
  prepare(): void {
    // The task is told how it failed.
    this.#measureOnce().catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Whoever waited for the measurement was told how it failed.
    await this.#baseline?.catch(() => {});
  }

  async #start(
    { task, outputLimitBytes }: Job,
    program: string,
    limits: KernelLimits,
    output: FramedOutput,
    signal: AbortSignal,
  ): Promise<RunResult> {
    const { command, env } = this.#launch({
      memoryMb: task.resources.memory_mb,
      codeFromStrings: mustBeWatched(task.module!),
    });
    return await asBroken(() =>
      run(underLimits(command, limits), {
        env,
        cwd: "/",
        stdin: new TextEncoder().encode(program),
        timeoutMs: task.timeout_seconds * 1000,
        outputLimitBytes,
        captureStdout: (...args) => output.capture(...args),
        ownGroup: true,
        // It has no leave to start a program.
        leavesNothing: true,
        signal,
      })
    );
  }

  async #limits({ task: { resources, timeout_seconds } }: Job): Promise<KernelLimits> {
    // One processor more than the task may have: for V8's own threads.
    const cpuSeconds = Math.ceil(timeout_seconds * (resources.cpus + 1)) + LIFE_MARGIN_SECONDS;
    const baseline = await this.#measureOnce();
    if (baseline === undefined) return { cpuSeconds };
    return { cpuSeconds, dataKib: baseline + resources.memory_mb * 1024 + DATA_MARGIN_KIB };
  }

  /** Measures before the first task. What failed is tried again at the next. */
  #measureOnce(): Promise<number | undefined> {
    this.#baseline ??= this.#measure().catch((error) => {
      this.#baseline = undefined;
      throw error;
    });
    return this.#baseline;
  }

  async #measure(): Promise<number | undefined> {
    const baseline = await asBroken(() =>
      measureBaseline(this.#launch({ memoryMb: 64, codeFromStrings: true }))
    );
    if (baseline === undefined) {
      logger.warn(
        "this system does not tell how much memory a process has: " +
          "array buffers of modules are not bounded by memory_mb",
      );
    }
    return baseline;
  }
}

function programOf({ task, outputLimitBytes }: Job, module: string, nonce: string): string {
  const lifeMs = (task.timeout_seconds + LIFE_MARGIN_SECONDS) * 1000;
  return composeProgram({
    module,
    input: task.input,
    nonce,
    outputLimitBytes,
    watched: mustBeWatched(module),
    tooDeep: OUTPUT_TOO_DEEP,
    lifeMs,
  });
}
