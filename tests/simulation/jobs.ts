/**
 * Many runs, spread over the cores.
 *
 * @module
 */

/** So many seeds are handed out at a time. */
const BATCH = 50;

/** A batch of seeds to run. */
export interface Batch {
  first: number;
  count: number;
}

/** What came of a batch. */
export interface BatchDone {
  counts: [what: string, times: number][];
  violation?: { seed: number; how: string };
}

export interface Sum {
  counts: Map<string, number>;
  /** That of the lowest seed of those found. */
  violation?: { seed: number; how: string };
}

/**
 * Runs seeds in several threads; ends early when a promise is broken.
 *
 * @param thread the module that runs them
 */
export async function runJobs(
  first: number,
  seeds: number,
  jobs: number,
  thread = new URL("./thread.ts", import.meta.url),
): Promise<Sum> {
  const sum: Sum = { counts: new Map() };
  let next = first;
  const take = (): Batch | undefined => {
    if (next >= first + seeds || sum.violation !== undefined) return undefined;
    const batch = { first: next, count: Math.min(BATCH, first + seeds - next) };
    next += batch.count;
    return batch;
  };
  const work = async () => {
    const worker = new Worker(thread, { type: "module" });
    try {
      for (let batch = take(); batch !== undefined; batch = take()) {
        add(sum, await ask(worker, batch));
      }
    } finally {
      worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return sum;
}

function ask(worker: Worker, batch: Batch): Promise<BatchDone> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<BatchDone>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`running seeds from ${batch.first}: ${event.message}`));
    };
    worker.postMessage(batch);
  });
}

function add(sum: Sum, { counts, violation }: BatchDone): void {
  for (const [what, times] of counts) sum.counts.set(what, (sum.counts.get(what) ?? 0) + times);
  const isFirst = violation !== undefined && violation.seed < (sum.violation?.seed ?? Infinity);
  if (isFirst) sum.violation = violation;
}
