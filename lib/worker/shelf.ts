/**
 * What a worker could not deliver, kept from one life to the next: a file for each attempt, below
 * `<home>/outbox/`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { getLogger } from "@logtape/logtape";
import { join } from "@std/path";
import { needingRoom } from "../git/disk_full.ts";
import type { Saying } from "../ledger/draft.ts";
import { MAX_RESULT_BYTES } from "../ledger/results.ts";
import { describeProblems } from "../protocol/problem.ts";
import { decodeSaying, encodeSaying, type EndEvent, isEnd } from "./saying_record.ts";

const log = getLogger(["dgrid", "worker"]);

export interface Shelf {
  /** What an earlier life could not deliver. */
  load(): Promise<Saying[]>;
  /**
   * Keeps sayings; what is no end of an attempt is passed over. One that was kept before is kept once.
   *
   * @throws {GitError} with `disk_full` when there is no room; some of them may have been kept then
   */
  keep(sayings: Saying[]): Promise<void>;
  /** Takes sayings away again; such as are not there do no harm. */
  drop(sayings: Saying[]): Promise<void>;
}

/** Stands behind the name of a file that is being written. */
const HALF = ".tmp";
/** Stands behind the name of a file that nobody can read. */
const ASIDE = ".unreadable";
/** A life takes up so much at most, as it is all in memory; the next one takes up more. */
const MAX_LOADED_BYTES = 256 * 1_048_576;

/** Where a node keeps what it could not deliver to a branch of a repository. */
export function outboxFolder(
  home: string,
  { url, branch, nodeId }: { url: string; branch: string; nodeId: string },
): string {
  return join(home, "outbox", gridKey({ url, branch }), nodeId);
}

/** Names a branch of a repository in the local state. The credentials in the address may change. */
export function gridKey({ url, branch }: { url: string; branch: string }): string {
  const address = url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/i, "$1");
  return createHash("sha256").update(`${address}\n${branch}`).digest("hex").slice(0, 16);
}

/** A shelf in a folder, for one node. Only one process at a time may use it. */
export class FolderShelf implements Shelf {
  readonly #folder: string;
  readonly #nodeId: string;
  readonly #maxLoadedBytes: number;

  constructor(folder: string, nodeId: string, maxLoadedBytes: number = MAX_LOADED_BYTES) {
    this.#folder = folder;
    this.#nodeId = nodeId;
    this.#maxLoadedBytes = maxLoadedBytes;
  }

  /**
   * Reads what is there. A file that cannot be read is set aside with a warning, and never deleted.
   *
   * @throws {Error} when the folder itself cannot be read: what is in it would be lost in silence
   */
  async load(): Promise<Saying[]> {
    // By attempt: where one was being kept again when its keeper was killed, there are two of it.
    const sayings = new Map<string, Saying>();
    let room = this.#maxLoadedBytes;
    for (const { name, isFile } of await this.#entries()) {
      if (name.endsWith(ASIDE)) continue;
      const size = isFile ? await this.#sizeOf(name) : 0;
      if (size > room && size <= MAX_RESULT_BYTES) {
        log.warn("{folder}: there is more than fits into memory; the rest is delivered later", {
          folder: this.#folder,
        });
        break;
      }
      const saying = await this.#take(name, isFile, size);
      if (saying === undefined) continue;
      room -= size;
      sayings.set(fileOf(saying.event), saying);
    }
    return [...sayings.values()];
  }

  async keep(sayings: Saying[]): Promise<void> {
    const ends = sayings.filter(isEnd);
    if (ends.length === 0) return;
    await needingRoom("keeping what could not be delivered", async () => {
      await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
      for (const saying of ends) await this.#write(fileOf(saying.event), encodeSaying(saying));
      await sync(this.#folder, { read: true });
    });
  }

  async drop(sayings: Saying[]): Promise<void> {
    for (const { event } of sayings.filter(isEnd)) {
      await Deno.remove(join(this.#folder, fileOf(event))).catch(unlessNotFound);
    }
  }

  async #entries(): Promise<Deno.DirEntry[]> {
    try {
      const entries = await Array.fromAsync(Deno.readDir(this.#folder));
      return entries.sort((a, b) => a.name < b.name ? -1 : 1);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw new Error(`reading what could not be delivered: ${(error as Error).message}`);
    }
  }

  async #sizeOf(name: string): Promise<number> {
    return (await Deno.lstat(join(this.#folder, name))).size;
  }

  /** What a file holds. A file that was being written when its writer was killed counts if it is whole. */
  async #take(
    name: string,
    isFile: boolean,
    size: number,
  ): Promise<Saying & { event: EndEvent } | undefined> {
    const saying = isFile ? await this.#read(name, size) : "it is no file";
    if (typeof saying === "string") {
      await this.#setAside(name, saying);
      return undefined;
    }
    const path = join(this.#folder, fileOf(saying.event));
    if (name.endsWith(HALF)) await Deno.rename(join(this.#folder, name), path);
    return saying;
  }

  /** What a file holds, or what is wrong with it. */
  async #read(name: string, size: number): Promise<Saying & { event: EndEvent } | string> {
    if (size > MAX_RESULT_BYTES) return `it has more than ${MAX_RESULT_BYTES} bytes`;
    let bytes: Uint8Array;
    try {
      bytes = await Deno.readFile(join(this.#folder, name));
    } catch (error) {
      return (error as Error).message;
    }
    const saying = decodeSaying(bytes);
    if (!saying.ok) return describeProblems(saying.problems);
    const { event } = saying.value;
    const isOurs = event.node_id === this.#nodeId;
    const isInPlace = [fileOf(event), fileOf(event) + HALF].includes(name);
    return isOurs && isInPlace ? saying.value : "it is not this node's, or not under its own name";
  }

  async #setAside(name: string, why: string): Promise<void> {
    const path = join(this.#folder, name);
    log.warn("{path} is set aside: {why}", { path, why });
    try {
      await Deno.rename(path, path + ASIDE);
    } catch (error) {
      // It stays where it is, and is passed over again.
      log.warn("setting {path} aside: {error}", { path, error });
    }
  }

  /** Writes a file so that it is there whole or not at all, whenever the process or the machine ends. */
  async #write(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const path = join(this.#folder, name);
    try {
      await Deno.writeFile(path + HALF, bytes, { mode: 0o600 });
      await sync(path + HALF, { write: true });
      await Deno.rename(path + HALF, path);
    } catch (error) {
      await Deno.remove(path + HALF).catch(unlessNotFound);
      throw error;
    }
  }
}

/** The file for an attempt: readable, and unlike any other where upper and lower case are one. */
function fileOf({ task_id, attempt, claimed_at }: EndEvent): string {
  const identity = JSON.stringify([task_id, attempt, claimed_at]);
  const hash = createHash("sha256").update(identity).digest("hex").slice(0, 16);
  return `${task_id}-${attempt}-${hash}.json`;
}

/** Brings a file, or the names in a folder, onto the disk. */
async function sync(path: string, options: Deno.OpenOptions): Promise<void> {
  using file = await Deno.open(path, options);
  await file.sync();
}

function unlessNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
