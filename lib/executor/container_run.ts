/**
 * The life of one container.
 *
 * The client's `docker run` creates, starts and follows the container, in that order. To kill the
 * client is no way to stop it: the engine may be busy creating the container at that moment, and
 * nobody would be left to remove it. So a container is stopped by removing it, again and again,
 * until the client has seen it gone and ends by itself. Only an engine that does not manage this
 * for {@link PATIENCE_MS} has its client killed.
 *
 * @module
 */
import type { RunResult } from "../process.ts";
import type { ContainerEngine } from "./container_engine.ts";
import { ExecutorBroken } from "./executor.ts";

const PATIENCE_MS = 60_000;
const REMOVE_AGAIN_MS = 250;

/** What bounds the life of a container. */
export interface Bounds {
  timeoutMs: number;
  outputLimitBytes: number;
  /** Removes the container; `runContainer` then throws the signal's reason. */
  signal: AbortSignal;
}

/**
 * Runs a container until it ends, its time is over, or the signal fires.
 *
 * @param args the arguments of the client, which name the container `name` and have `--rm`
 * @returns how the client ended; `timedOut` tells whether it was we who ended it
 * @throws {ExecutorBroken} when the container could not be removed, or its client was killed
 */
export async function runContainer(
  engine: ContainerEngine,
  name: string,
  args: string[],
  { timeoutMs, outputLimitBytes, signal }: Bounds,
): Promise<RunResult> {
  signal.throwIfAborted();
  const giveUp = new AbortController();
  const ended = engine.run(args, { outputLimitBytes, signal: giveUp.signal });
  const end = await firstOf(ended, timeoutMs, signal);
  if (end !== "ended") await removeUntil(ended, giveUp, () => engine.remove(name));
  const result = await ended;
  if (result.signal !== null || result.code !== 0) await engine.remove(name);
  signal.throwIfAborted();
  if (result.signal !== null) {
    throw new ExecutorBroken(`running ${name}: ${engine.program} was ended by ${result.signal}`);
  }
  return { ...result, timedOut: end === "timeout" };
}

/** Waits for the program to end, its time to be over or the signal, whichever comes first. */
async function firstOf(
  ended: Promise<unknown>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<"ended" | "timeout" | "aborted"> {
  const { promise, resolve } = Promise.withResolvers<"timeout" | "aborted">();
  const abort = () => resolve("aborted");
  signal.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(() => resolve("timeout"), timeoutMs);
  try {
    return await Promise.race([ended.then(() => "ended" as const), promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

async function removeUntil(
  ended: Promise<unknown>,
  giveUp: AbortController,
  remove: () => Promise<unknown>,
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  do {
    await remove();
    if (performance.now() > deadline) {
      giveUp.abort(new ExecutorBroken("removing a container: the engine did not manage it"));
    }
  } while (!(await settlesWithin(ended, REMOVE_AGAIN_MS)));
}

async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise: over, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), ms);
  const settled = promise.then(() => true, () => true);
  try {
    return await Promise.race([settled, over]);
  } finally {
    clearTimeout(timer);
  }
}
