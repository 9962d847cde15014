/**
 * Makes the executor that a worker was asked for.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { AutoExecutor } from "./auto.ts";
import { DockerExecutor } from "./docker.ts";
import { type Executor, ExecutorBroken } from "./executor.ts";
import { PlainShellExecutor } from "./plain_shell.ts";
import { SandboxExecutor } from "./sandbox.ts";

/** The executors by their names on the command line. */
export const EXECUTOR_KINDS = ["auto", "docker", "sandbox", "process"] as const;
export type ExecutorKind = typeof EXECUTOR_KINDS[number];

/** What the executors are made of. */
export interface ExecutorOptions {
  /** A folder of ours for the files of running tasks, under the worker's home. */
  workDir: string;
  /** This process's environment; no task sees it, but for PATH and HOME with `process`. */
  env: Record<string, string>;
  /** The program of the container engine's client; default `docker`. */
  engineProgram?: string;
  /** Whether scripts may run by the plain shell. */
  allowUnsandboxed?: boolean;
}

const logger = getLogger(["dgrid", "executor"]);

/**
 * Makes an executor that is ready to run.
 *
 * @throws {ExecutorBroken} when `docker` is asked for and no engine answers, or `process` and it is
 * not allowed
 */
export async function createExecutor(
  kind: ExecutorKind,
  options: ExecutorOptions,
): Promise<Executor & AsyncDisposable> {
  switch (kind) {
    case "auto":
      return await automatic(options);
    case "docker":
      return await docker(options) ?? noEngine(options);
    case "sandbox":
      return new SandboxExecutor();
    case "process":
      return new PlainShellExecutor({
        env: options.env,
        allowUnsandboxed: options.allowUnsandboxed ?? false,
      });
  }
}

async function automatic(options: ExecutorOptions): Promise<AutoExecutor> {
  const containers = await docker(options);
  if (containers !== undefined) return new AutoExecutor(containers, new SandboxExecutor());
  logger.warn("no container engine answers: this worker takes only tasks with a module");
  return new AutoExecutor(new SandboxExecutor());
}

async function docker(options: ExecutorOptions): Promise<DockerExecutor | undefined> {
  const { engineProgram: program, env, workDir } = options;
  const executor = new DockerExecutor({ program, env, workDir });
  if (!(await executor.engine.answers())) return undefined;
  return executor;
}

function noEngine({ engineProgram = "docker" }: ExecutorOptions): never {
  throw new ExecutorBroken(
    `starting the executor "docker": ${engineProgram} does not answer; ` +
      "start the engine, or take the executor auto or sandbox",
  );
}
