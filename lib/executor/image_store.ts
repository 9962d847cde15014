/**
 * Makes sure that an image is on this machine. Tasks that want the same missing image share one
 * pull.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { textOf } from "../process.ts";
import { type ContainerEngine, wordsOf } from "./container_engine.ts";
import { ExecutorBroken } from "./executor.ts";

const PULL_TIMEOUT_MS = 30 * 60_000;
const INSPECT_TIMEOUT_MS = 60_000;
const logger = getLogger(["dgrid", "executor"]);

/** What is known of an image: where it asks for volumes, or why it cannot be had. */
export type Image = { ok: true; volumes: string[] } | { ok: false; words: string };

/** The images of one engine. */
export class ImageStore implements AsyncDisposable {
  readonly #engine: ContainerEngine;
  readonly #pulls = new Map<string, Promise<Image>>();
  readonly #closing = new AbortController();

  constructor(engine: ContainerEngine) {
    this.#engine = engine;
  }

  /**
   * Finds an image on this machine, and pulls it where it is missing.
   *
   * @param signal ends the waiting; the pull goes on for whoever else waits
   * @throws {ExecutorBroken} when the engine does not answer
   */
  async ensure(image: string, signal: AbortSignal): Promise<Image> {
    const found = await this.#inspect(image);
    if (found !== undefined) return found;
    signal.throwIfAborted();
    return await orAborted(this.#pullOnce(image), signal);
  }

  /** Stops the pulls. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new ExecutorBroken("pulling an image: the executor was closed"));
    await Promise.allSettled(this.#pulls.values());
  }

  async #inspect(image: string): Promise<Image | undefined> {
    const args = ["image", "inspect", "--format={{json .Config.Volumes}}", "--", image];
    const { code, stdout } = await this.#engine.run(args, { timeoutMs: INSPECT_TIMEOUT_MS });
    if (code !== 0) return undefined;
    return { ok: true, volumes: Object.keys(JSON.parse(textOf(stdout)) ?? {}) };
  }

  #pullOnce(image: string): Promise<Image> {
    const running = this.#pulls.get(image);
    if (running !== undefined) return running;
    const pull = this.#pull(image).finally(() => this.#pulls.delete(image));
    this.#pulls.set(image, pull);
    return pull;
  }

  async #pull(image: string): Promise<Image> {
    logger.info("pulling image {image}", { image });
    const args = ["pull", "--quiet", "--", image];
    const options = { timeoutMs: PULL_TIMEOUT_MS, signal: this.#closing.signal };
    const { code, stderr, timedOut } = await this.#engine.run(args, options);
    const words = timedOut ? "the pull took too long" : wordsOf(textOf(stderr));
    if (code === 0) {
      return await this.#inspect(image) ?? { ok: false, words: "gone after its pull" };
    }
    if (await this.#engine.answers()) return { ok: false, words };
    throw new ExecutorBroken(`pulling image ${image}: ${this.#engine.program}: ${words}`);
  }
}

async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
