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
import { ReplacementPace } from "./replacement_pace.ts";
import { type Patience, systemPatience } from "./retry.ts";
import { TreeReader } from "./tree_reader.ts";

const log = getLogger(["dgrid", "git"]);

/** A local copy and what reads it, which are replaced together. */
export class OpenCopy {
  readonly mirror: Mirror;
  readonly objects: ObjectReader;
  readonly trees: TreeReader;

  constructor(readonly copy: LocalCopy, patience: Patience) {
    this.mirror = new Mirror(copy, patience);
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
  readonly #patience: Patience;
  #replacing?: Promise<void>;
  readonly #pace = new ReplacementPace();
  /** Whether a write has met damage, and none has been done in the new copy yet. */
  #isWritingUnproven = false;
  /** How many operations are under way. */
  #inUse = 0;

  /** @param refill brings into a new copy what everybody thinks to be here */
  constructor(
    copy: LocalCopy,
    refill: (open: OpenCopy, why: GitError) => Promise<void>,
    patience: Patience = systemPatience,
  ) {
    this.#open = new OpenCopy(copy, patience);
    this.#refill = refill;
    this.#patience = patience;
  }

  /** Does what can be done twice: where the copy is damaged, once more in a new one. */
  async reading<T>(operation: (open: OpenCopy) => Promise<T>): Promise<T> {
    return await this.#using(async (open) => {
      try {
        return await operation(open);
      } catch (error) {
        if (!await this.#replaceIfDamaged(open, error)) throw error;
        const done = await operation(this.#open);
        this.#pace.noteHelped();
        return done;
      }
    });
  }

  /** Does what must not be done twice: where the copy is damaged, makes it again and throws. */
  async writing<T>(operation: (open: OpenCopy) => Promise<T>): Promise<T> {
    return await this.#using(async (open) => {
      try {
        const done = await operation(open);
        if (this.#isWritingUnproven) this.#pace.noteHelped();
        this.#isWritingUnproven = false;
        return done;
      } catch (error) {
        if (await this.#replaceIfDamaged(open, error)) this.#isWritingUnproven = true;
        throw error;
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // How the replacement ends was said to whoever asked for it.
    await this.#replacing?.catch(() => undefined);
    await this.#open.objects[Symbol.asyncDispose]();
    this.#open.copy.release();
  }

  async #using<T>(work: (open: OpenCopy) => Promise<T>): Promise<T> {
    this.#inUse++;
    try {
      return await work(this.#open);
    } catch (error) {
      if (this.#inUse === 1 && leavesRubbish(error)) await this.#sweep();
      throw error;
    } finally {
      this.#inUse--;
    }
  }

  async #sweep(): Promise<void> {
    try {
      await this.#open.copy.sweep();
    } catch (error) {
      // What is wrong with the copy is found out by whoever uses it next.
      log.debug("cleaning the local copy: {error}", { error });
    }
  }

  /** Several operations that meet the same damage replace the copy once. */
  async #replaceIfDamaged(open: OpenCopy, error: unknown): Promise<boolean> {
    if (!isDamage(error)) return false;
    if (open !== this.#open) return true;
    const isAllowed = this.#pace.allows(this.#patience.clock.elapsedMs());
    if (!isAllowed && !(error instanceof OtherFormat)) return false;
    this.#replacing ??= this.#replace(error).finally(() => this.#replacing = undefined);
    await this.#replacing;
    return true;
  }

  /** Until all is in the new copy, the old one stays: whoever uses it meets the damage again. */
  async #replace(why: GitError): Promise<void> {
    const old = this.#open;
    log.warning("the local copy is made again: {why}", { why: why.message });
    const format = why instanceof OtherFormat ? why.format : old.copy.format;
    const open = new OpenCopy(await old.copy.makeAgain(format), this.#patience);
    try {
      await this.#refill(open, why);
    } catch (error) {
      if (isDamage(error)) this.#noteReplaced(why);
      throw error;
    }
    this.#open = open;
    this.#noteReplaced(why);
    await old.objects[Symbol.asyncDispose]();
  }

  #noteReplaced(why: GitError): void {
    if (!(why instanceof OtherFormat)) this.#pace.noteMade(this.#patience.clock.elapsedMs());
  }
}

function isDamage(error: unknown): error is GitError {
  return error instanceof GitError && error.trouble === "damaged";
}

/** Whether a command that failed so was ended in the middle of its writing. */
function leavesRubbish(error: unknown): boolean {
  return error instanceof GitError && ["disk_full", "timed_out"].includes(error.trouble);
}
