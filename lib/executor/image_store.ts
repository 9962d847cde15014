/**
 * Makes sure that an image is on this machine. Tasks that want the same missing image share one
 * pull, and those that come soon after each other share one look.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { textOf } from "../process.ts";
import { type ContainerEngine, wordsOf } from "./container_engine.ts";
import { ExecutorBroken } from "./executor.ts";

const PULL_TIMEOUT_MS = 30 * 60_000;
const INSPECT_TIMEOUT_MS = 60_000;
/** So long may a task run in what its image's name meant before. */
const VALID_MS = 10_000;
const logger = getLogger(["dgrid", "executor"]);

/** What is known of an image: where it asks for volumes, or why it cannot be had. */
export type Image = { ok: true; volumes: string[] } | { ok: false; words: string };

/** A look at an image, going on or done. */
interface Look {
  beganMs: number;
  image: Promise<Image | undefined>;
}

/** The images of one engine. */
export class ImageStore implements AsyncDisposable {
  readonly #engine: ContainerEngine;
  readonly #nowMs: () => number;
  readonly #looks = new Map<string, Look>();
  readonly #pulls = new Map<string, Promise<Image>>();
  readonly #closing = new AbortController();

  /** @param nowMs a clock that never goes back, in milliseconds */
  constructor(engine: ContainerEngine, nowMs: () => number = () => performance.now()) {
    this.#engine = engine;
    this.#nowMs = nowMs;
  }

  /**
   * Finds an image on this machine, and pulls it where it is missing.
   *
   * @param signal ends the waiting; the pull goes on for whoever else waits
   * @throws {ExecutorBroken} when the engine does not answer
   */
  async ensure(image: string, signal?: AbortSignal): Promise<Image> {
    const found = await this.#lookOnce(image);
    if (found !== undefined) return found;
    signal?.throwIfAborted();
    return await orAborted(this.#pullOnce(image), signal);
  }

  /** Whether an image that was there is so no more. Asks the engine. */
  async isGone(image: string): Promise<boolean> {
    return await this.#lookAgain(image) === undefined;
  }

  /** Stops the pulls. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new ExecutorBroken("pulling an image: the executor was closed"));
    const looks = [...this.#looks.values()].map(({ image }) => image);
    await Promise.allSettled([...looks, ...this.#pulls.values()]);
  }

  #lookAgain(image: string): Promise<Image | undefined> {
    this.#looks.delete(image);
    return this.#lookOnce(image);
  }

  /** Only what was found is remembered. */
  #lookOnce(image: string): Promise<Image | undefined> {
    const beganMs = this.#nowMs();
    for (const [name, look] of this.#looks) {
      if (beganMs - look.beganMs > VALID_MS) this.#looks.delete(name);
    }
    const known = this.#looks.get(image);
    if (known !== undefined) return known.image;
    const look: Look = { beganMs, image: this.#inspect(image) };
    this.#looks.set(image, look);
    const forget = () => this.#looks.get(image) === look && this.#looks.delete(image);
    look.image.then((found) => found ?? forget(), forget);
    return look.image;
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
      return await this.#lookAgain(image) ?? { ok: false, words: "gone after its pull" };
    }
    if (await this.#engine.answers()) return { ok: false, words };
    throw new ExecutorBroken(`pulling image ${image}: ${this.#engine.program}: ${words}`);
  }
}

async function orAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return await promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
