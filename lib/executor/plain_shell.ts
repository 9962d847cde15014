/**
 * Runs scripts by the plain shell of this machine, with nothing between them and the machine. For
 * development only.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { run } from "../process.ts";
import { type Execution, notRun } from "../protocol/result.ts";
import { asBroken } from "./as_broken.ts";
import { type Executor, ExecutorBroken, type Job } from "./executor.ts";
import { discard, InputFile } from "./input_file.ts";
import { byExitCode, printed, timedOut } from "./outcome.ts";

/** What a {@link PlainShellExecutor} is made of. */
export interface PlainShellOptions {
  /** Must be true: whoever asks for this executor must say so twice. */
  allowUnsandboxed: boolean;
  /** This process's environment; a script sees of it PATH and HOME. */
  env: Record<string, string>;
}

const logger = getLogger(["dgrid", "executor"]);

/** Runs scripts with `sh -c`, each in a new folder, under a time limit and no other. */
export class PlainShellExecutor implements Executor, AsyncDisposable {
  readonly runs = ["script"] as const;
  readonly #env: Record<string, string>;

  /** @throws {ExecutorBroken} unless `allowUnsandboxed` */
  constructor({ allowUnsandboxed, env }: PlainShellOptions) {
    if (!allowUnsandboxed) {
      throw new ExecutorBroken("running scripts without a sandbox: it needs --allow-unsandboxed");
    }
    this.#env = Object.fromEntries(
      ["PATH", "HOME"].filter((name) => name in env).map((name) => [name, env[name]]),
    );
  }

  async run(job: Job, signal: AbortSignal): Promise<Execution> {
    signal.throwIfAborted();
    const { script, task_id } = job.task;
    if (script === undefined) throw new TypeError(`running ${task_id}: it has no script`);
    if (script.includes("\0")) return notRun("rejected", "its script contains a NUL character");
    logger.warn("task {task_id} runs without a sandbox: it may do all that this user may", {
      task_id,
    });
    const cwd = await asBroken(() => Deno.makeTempDir({ prefix: "dgrid-shell-" }));
    try {
      return await this.#runIn(cwd, script, job, signal);
    } finally {
      await discard(cwd);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #runIn(cwd: string, script: string, job: Job, signal: AbortSignal): Promise<Execution> {
    const { task, outputLimitBytes } = job;
    const env = { ...this.#env };
    if (task.input !== undefined) {
      const { input } = task;
      env.DGRID_INPUT = (await asBroken(() => InputFile.write(cwd, "dgrid-input", input))).path;
    }
    const timeoutMs = task.timeout_seconds * 1000;
    const began = new Date();
    const options = { cwd, env, timeoutMs, outputLimitBytes, signal, ownGroup: true };
    const result = await asBroken(() => run(["sh", "-c", script], options));
    return {
      ...printed(result.stdout, result.stderr),
      ...(result.timedOut ? timedOut(task.timeout_seconds) : byExitCode(result.code)),
      started_at: began.toISOString(),
      duration_ms: Math.round(result.durationMs),
    };
  }
}
