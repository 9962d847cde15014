/**
 * A local copy with all that works on it, and its replacement when the copy is damaged.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { GitError } from "./git_error.ts";
import type { LocalCopy } from "./local_copy.ts";
import { Mirror } from "./mirror.ts";
import { OtherFormat } from "./object_format.ts";
import { ObjectReader } from "./object_reader.ts";
import { TreeReader } from "./tree_reader.ts";

/** So long a new copy must last before it is made again: what it shows sooner is not its fault. */
const MIN_LIFE_MS = 600_000;

const log = getLogger(["dgrid", "git"]);

/** A local copy and what reads it, which are replaced together. */
export class OpenCopy {
  readonly mirror: Mirror;
  readonly objects: ObjectReader;
  readonly trees: TreeReader;

  constructor(readonly copy: LocalCopy) {
    this.mirror = new Mirror(copy);
    this.objects = new ObjectReader(copy.offline);
    this.trees = new TreeReader(this.objects);
  }
}

/**
 * An open copy that is replaced when its copy turns out to be damaged. Nothing is lost with a local copy;
 * what was made in it and not pushed is made again by whoever wanted it.
 */
export class SelfHealingCopy implements AsyncDisposable {
  #open: OpenCopy;
  readonly #refill: (open: OpenCopy, why: GitError) => Promise<void>;
  #replacing?: Promise<void>;
  #replacedAt = -Infinity;

  /** @param refill brings into a new copy what everybody thinks to be here */
  constructor(copy: LocalCopy, refill: (open: OpenCopy, why: GitError) => Promise<void>) {
    this.#open = new OpenCopy(copy);
    this.#refill = refill;
  }

  /** Does what can be done twice: where the copy is damaged, once more in a new one. */
  async reading<T>(operation: (open: OpenCopy) => Promise<T>): Promise<T> {
    const open = this.#open;
    try {
      return await operation(open);
    } catch (error) {
      if (!await this.#replaceIfDamaged(open, error)) throw error;
      return await operation(this.#open);
    }
  }

  /** Does what must not be done twice: where the copy is damaged, makes it again and throws. */
  async writing<T>(operation: (open: OpenCopy) => Promise<T>): Promise<T> {
    const open = this.#open;
    try {
      return await operation(open);
    } catch (error) {
      await this.#replaceIfDamaged(open, error);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // How the replacement ends was said to whoever asked for it.
    await this.#replacing?.catch(() => undefined);
    await this.#open.objects[Symbol.asyncDispose]();
    this.#open.copy.release();
  }

  /** Several operations that meet the same damage replace the copy once. */
  async #replaceIfDamaged(open: OpenCopy, error: unknown): Promise<boolean> {
    if (!(error instanceof GitError) || error.trouble !== "damaged") return false;
    if (open !== this.#open) return true;
    const isNew = performance.now() - this.#replacedAt < MIN_LIFE_MS;
    if (isNew && !(error instanceof OtherFormat)) return false;
    this.#replacing ??= this.#replace(error).finally(() => this.#replacing = undefined);
    await this.#replacing;
    return true;
  }

  /** Until all is in the new copy, the old one stays: whoever uses it meets the damage again. */
  async #replace(why: GitError): Promise<void> {
    const old = this.#open;
    log.warning("the local copy is made again: {why}", { why: why.message });
    const format = why instanceof OtherFormat ? why.format : old.copy.format;
    const open = new OpenCopy(await old.copy.makeAgain(format));
    await this.#refill(open, why);
    this.#open = open;
    if (!(why instanceof OtherFormat)) this.#replacedAt = performance.now();
    await old.objects[Symbol.asyncDispose]();
  }
}
