/**
 * Runs scripts in containers that have no network, no rights, nothing of the host and little room.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { type RunResult, textOf } from "../process.ts";
import { type Execution, notRun } from "../protocol/result.ts";
import { asBroken } from "./as_broken.ts";
import { containerArgs } from "./container_args.ts";
import { ContainerEngine, wordsOf } from "./container_engine.ts";
import { runContainer } from "./container_run.ts";
import { type Executor, ExecutorBroken, type Job } from "./executor.ts";
import { ImageStore } from "./image_store.ts";
import { discard, InputFile } from "./input_file.ts";
import { byExitCode, printed, timedOut } from "./outcome.ts";

/** What a {@link DockerExecutor} is made of. */
export interface DockerOptions {
  /** The client's program; default `docker`. */
  program?: string;
  /** This process's environment: where the client finds its engine. No container sees it. */
  env: Record<string, string>;
  /** A folder of ours for the inputs of running scripts. */
  workDir: string;
}

/** The client's exit code when it failed itself; but a script can end with it too. */
const CLIENT_FAILED = 125;
/** The exit code where the program to run was not found; but a script can end with it too. */
const NOT_FOUND = 127;
/** The exit code of what was ended by SIGKILL, which is how the kernel enforces a memory limit. */
const KILLED = 137;

const logger = getLogger(["dgrid", "executor"]);

/** Runs scripts with `docker run` or `podman run`. */
export class DockerExecutor implements Executor, AsyncDisposable {
  readonly runs = ["script"] as const;
  readonly engine: ContainerEngine;
  readonly #images: ImageStore;
  readonly #workDir: string;
  /** Containers that could not be removed. */
  readonly #leftovers = new Set<string>();

  constructor({ program = "docker", env, workDir }: DockerOptions) {
    this.engine = new ContainerEngine(program, env);
    this.#images = new ImageStore(this.engine);
    this.#workDir = workDir;
  }

  async run(job: Job, signal: AbortSignal): Promise<Execution> {
    signal.throwIfAborted();
    const { script } = job.task;
    if (script === undefined) throw new TypeError(`running ${job.task.task_id}: it has no script`);
    // No program can be given a NUL in an argument.
    if (script.includes("\0")) return notRun("rejected", "its script contains a NUL character");
    await this.#removeLeftovers();
    return await this.#findAndRun(imageOf(job), job, signal);
  }

  /** Finds or pulls the job's image. */
  prepare(job: Job): void {
    // The run asks again, and tells what is wrong.
    this.#images.ensure(imageOf(job)).catch(() => {});
  }

  /** Removes all containers that a node has started, and the inputs that they were given. */
  async removeLeftoversOf(nodeId: string): Promise<void> {
    const removed = await this.engine.removeContainersOf(nodeId);
    if (removed > 0) logger.info("removed {removed} containers of a former life", { removed });
    await discard(this.#workDir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#images[Symbol.asyncDispose]();
    await this.#removeLeftovers();
  }

  /** What was removed after it was seen is found, or pulled, once more. */
  async #findAndRun(
    image: string,
    job: Job,
    signal: AbortSignal,
    again = true,
  ): Promise<Execution> {
    const found = await this.#images.ensure(image, signal);
    signal.throwIfAborted();
    if (!found.ok) return { ...notRun("rejected", `image ${image}: ${found.words}`), image };
    const execution = await this.#runIn(image, found.volumes, job, signal);
    const isGone = again && execution.status === "rejected" && await this.#images.isGone(image);
    if (isGone) return await this.#findAndRun(image, job, signal, false);
    return { ...execution, image };
  }

  async #runIn(
    image: string,
    volumes: string[],
    job: Job,
    signal: AbortSignal,
  ): Promise<Execution> {
    const name = containerName(job);
    await using input = await this.#inputFile(name, job);
    const args = containerArgs({
      name,
      image,
      volumes,
      node_id: job.node_id,
      task_id: job.task.task_id,
      attempt: job.attempt,
      script: job.task.script!,
      resources: job.task.resources,
      maxCpus: navigator.hardwareConcurrency,
      inputFile: input?.path,
    });
    const began = new Date();
    const result = await this.#follow(name, args, job, signal);
    return await this.#outcome(name, began, result, job);
  }

  async #inputFile(name: string, { task }: Job): Promise<InputFile | undefined> {
    if (task.input === undefined) return undefined;
    return await asBroken(() => InputFile.write(this.#workDir, name, task.input));
  }

  async #follow(name: string, args: string[], job: Job, signal: AbortSignal): Promise<RunResult> {
    const timeoutMs = job.task.timeout_seconds * 1000;
    const { outputLimitBytes } = job;
    try {
      return await runContainer(this.engine, name, args, { timeoutMs, outputLimitBytes, signal });
    } catch (error) {
      if (error instanceof ExecutorBroken) this.#leftovers.add(name);
      throw error;
    }
  }

  async #outcome(name: string, began: Date, result: RunResult, job: Job): Promise<Execution> {
    const { task } = job;
    const ran = {
      ...printed(result.stdout, result.stderr),
      started_at: began.toISOString(),
      duration_ms: Math.round(result.durationMs),
    };
    if (result.timedOut) return { ...ran, ...timedOut(task.timeout_seconds) };
    if (this.#hasNoShell(result)) return notRun("rejected", `image ${imageOf(job)} has no sh`);
    const ended = { ...ran, ...byExitCode(result.code) };
    if (result.code !== CLIENT_FAILED && result.code !== KILLED) return ended;
    const events = await this.engine.eventsOf(name, began);
    if (result.code === KILLED) {
      const reason = `killed for using more than its memory_mb, ${task.resources.memory_mb}`;
      return events.includes("oom") ? { ...ended, reason } : ended;
    }
    if (events.includes("start") || events.includes("die")) return ended;
    // A busy engine forgets its events, so that there are none is no proof that nothing ran.
    const refusal = this.engine.refusalIn(result);
    if (await this.engine.answers()) return refusal ? notRun("rejected", refusal) : ended;
    const words = refusal ?? wordsOf(textOf(result.stderr));
    throw new ExecutorBroken(`running a container: ${this.engine.program}: ${words}`);
  }

  /** Whether the container's init process, or the engine's runtime, says that it found no `sh`. */
  #hasNoShell(result: RunResult): boolean {
    if (result.code !== NOT_FOUND || result.stdout.bytes.length > 0) return false;
    return /^\[FATAL tini \(\d+\)\] exec sh failed/m.test(textOf(result.stderr)) ||
      /exec: "sh": executable file not found/.test(this.engine.refusalIn(result) ?? "");
  }

  async #removeLeftovers(): Promise<void> {
    for (const name of this.#leftovers) {
      if (!(await this.engine.remove(name))) {
        logger.warn("container {name} could not be removed", { name });
      }
      // Once is enough where the engine answers: what is gone cannot be removed either.
      if (await this.engine.answers()) this.#leftovers.delete(name);
    }
  }
}

function imageOf(job: Job): string {
  return job.task.image ?? job.defaultImage;
}

/** A name that no other attempt has, and that tells people whose container it is. */
function containerName({ task, attempt }: Job): string {
  return `dgrid-${task.task_id}-${attempt}-${crypto.randomUUID().slice(0, 8)}`;
}
