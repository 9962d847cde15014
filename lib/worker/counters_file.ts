/**
 * Leaving what a worker has counted where others can read it (`counters_record.ts`).
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import { type Counts, encodeCounters, lockPath, recordPath } from "./counters_record.ts";

const log = getLogger(["dgrid", "worker"]);

/** A worker writes at most this often. */
const WRITE_EVERY_MS = 5_000;
/** Stands behind the name of a file that is being written. */
const HALF = ".tmp";

/** A node's own file. Only the process that holds the node's name may have it. */
export class CountersFile implements Disposable {
  readonly #path: string;
  readonly #lock: Deno.FsFile;
  /** What was written last, but for what time alone changes. */
  #written = "";

  private constructor(path: string, lock: Deno.FsFile) {
    this.#path = path;
    this.#lock = lock;
  }

  /**
   * Opens the file of a node. What a former life has left there is gone before the lock is held, so
   * nobody takes it for this life's.
   *
   * @throws when the folder cannot be written
   */
  static async open(folder: string, nodeId: string): Promise<CountersFile> {
    const path = recordPath(folder, nodeId);
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    await Deno.remove(path).catch(unlessNotFound);
    const lock = await Deno.open(lockPath(folder, nodeId), { create: true, write: true });
    // Whoever looks holds it for a moment.
    await lock.lock(true);
    return new CountersFile(path, lock);
  }

  /**
   * Writes what is counted, if anything was since the last time. The file is there whole, or as it was.
   *
   * @param now by this machine's clock
   * @throws when it cannot be written
   */
  async write(counters: Counts, now: Date): Promise<void> {
    const { uptime_ms: _uptime, phases_ms: _phases, phase: _phase, ...counted } = counters;
    const text = JSON.stringify(counted);
    if (text === this.#written) return;
    const record = { counted_at: now.toISOString(), counters };
    await Deno.writeFile(this.#path + HALF, encodeCounters(record), { mode: 0o600 });
    await Deno.rename(this.#path + HALF, this.#path);
    this.#written = text;
  }

  [Symbol.dispose](): void {
    this.#lock.close();
  }
}

/**
 * Writes what is counted every few seconds until the signal fires, and once more then. Never throws:
 * no worker stops because its counters cannot be left.
 */
export async function keepWritten(
  file: CountersFile,
  take: () => Counts,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  let isTold = false;
  for (let isLast = false; !isLast;) {
    isLast = signal.aborted;
    try {
      await file.write(take(), clock.now());
    } catch (error) {
      const { message } = error as Error;
      if (!isTold) log.warn("leaving the counters: {message}", { message });
      isTold = true;
    }
    if (!isLast) await clock.wait(WRITE_EVERY_MS, signal);
  }
}

function unlessNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
