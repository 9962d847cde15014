/**
 * A worker's counters, for whoever asks: in the log when SIGUSR1 comes, and in a file on the disk,
 * for `dgrid status --json`.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { systemClock } from "../clock.ts";
import { CountersFile, keepWritten } from "../worker/counters_file.ts";
import type { Counts } from "../worker/counters_record.ts";
import { describeCounts } from "../worker/describe_counts.ts";

const log = getLogger(["dgrid", "worker"]);
/** What goes here is told at every log level (`logging.ts`). */
const answers = getLogger(["dgrid", "counters"]);

/** Answers SIGUSR1, which would end the program otherwise, until its scope ends. */
export class CountersOnDemand implements Disposable {
  /** Gives what is counted; until it is set, nothing is. */
  take?: () => Counts;
  readonly #listener = () => this.#tell();

  constructor() {
    Deno.addSignalListener("SIGUSR1", this.#listener);
  }

  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGUSR1", this.#listener);
  }

  #tell(): void {
    const counts = this.take?.();
    if (counts === undefined) answers.info("nothing is counted yet: the worker is starting");
    else answers.info(describeCounts(counts), { ...counts });
  }
}

/** Keeps the counters of a node on the disk until its scope ends. Without them a worker works as well. */
export async function leaveCounters(
  folder: string,
  nodeId: string,
  take: () => Counts,
): Promise<AsyncDisposable> {
  const over = new AbortController();
  let file: CountersFile;
  try {
    file = await CountersFile.open(folder, nodeId);
  } catch (error) {
    log.warn("leaving the counters: {message}", { message: (error as Error).message });
    return { [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const kept = keepWritten(file, take, { clock: systemClock, signal: over.signal });
  return {
    async [Symbol.asyncDispose]() {
      over.abort();
      await kept;
      file[Symbol.dispose]();
    },
  };
}
