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
export class Desk {
  readonly mirror: Mirror;
  readonly objects: ObjectReader;
  readonly trees: TreeReader;

  /** @param signal stops fetches; its reason is thrown */
  constructor(readonly copy: LocalCopy, signal?: AbortSignal) {
    this.mirror = new Mirror(copy, signal);
    this.objects = new ObjectReader(copy.offline);
    this.trees = new TreeReader(this.objects);
  }
}

/**
 * A desk that is replaced when its copy turns out to be damaged. Nothing is lost with a local copy;
 * what was made in it and not pushed is made again by whoever wanted it.
 */
export class SoundDesk implements AsyncDisposable {
  #desk: Desk;
  readonly #refill: (desk: Desk, why: GitError) => Promise<void>;
  readonly #signal?: AbortSignal;
  #replacing?: Promise<void>;
  #replacedAt = -Infinity;

  /**
   * @param refill brings into a new copy what everybody thinks to be here
   * @param signal stops fetches; its reason is thrown
   */
  constructor(
    copy: LocalCopy,
    refill: (desk: Desk, why: GitError) => Promise<void>,
    signal?: AbortSignal,
  ) {
    this.#desk = new Desk(copy, signal);
    this.#refill = refill;
    this.#signal = signal;
  }

  /** Does what can be done twice: where the copy is damaged, once more in a new one. */
  async reading<T>(operation: (desk: Desk) => Promise<T>): Promise<T> {
    const desk = this.#desk;
    try {
      return await operation(desk);
    } catch (error) {
      if (!await this.#replaceIfDamaged(desk, error)) throw error;
      return await operation(this.#desk);
    }
  }

  /** Does what must not be done twice: where the copy is damaged, makes it again and throws. */
  async writing<T>(operation: (desk: Desk) => Promise<T>): Promise<T> {
    const desk = this.#desk;
    try {
      return await operation(desk);
    } catch (error) {
      await this.#replaceIfDamaged(desk, error);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // How the replacement ends was said to whoever asked for it.
    await this.#replacing?.catch(() => undefined);
    await this.#desk.objects[Symbol.asyncDispose]();
    this.#desk.copy.release();
  }

  /** Several operations that meet the same damage replace the copy once. */
  async #replaceIfDamaged(desk: Desk, error: unknown): Promise<boolean> {
    if (!(error instanceof GitError) || error.trouble !== "damaged") return false;
    if (desk !== this.#desk) return true;
    const isNew = performance.now() - this.#replacedAt < MIN_LIFE_MS;
    if (isNew && !(error instanceof OtherFormat)) return false;
    this.#replacing ??= this.#replace(error).finally(() => this.#replacing = undefined);
    await this.#replacing;
    return true;
  }

  /** Until all is in the new copy, the old desk stays: whoever uses it meets the damage again. */
  async #replace(why: GitError): Promise<void> {
    const old = this.#desk;
    log.warning("the local copy is made again: {why}", { why: why.message });
    const format = why instanceof OtherFormat ? why.format : old.copy.format;
    const desk = new Desk(await old.copy.makeAgain(format), this.#signal);
    await this.#refill(desk, why);
    this.#desk = desk;
    if (!(why instanceof OtherFormat)) this.#replacedAt = performance.now();
    await old.objects[Symbol.asyncDispose]();
  }
}
