/**
 * A thread of {@link runJobs}: runs the batches of seeds that it is sent.
 *
 * @module
 */
import type { Batch, BatchDone } from "./jobs.ts";
import { runSeed } from "./run_seed.ts";

interface Thread {
  onmessage: (event: MessageEvent<Batch>) => void;
  postMessage(done: BatchDone): void;
}
const thread = self as unknown as Thread;

// Nobody reads them here, and they cost a twentieth of the time.
Error.stackTraceLimit = 0;

thread.onmessage = async ({ data: { first, count } }) => {
  const counts = new Map<string, number>();
  let violation: BatchDone["violation"];
  for (let seed = first; seed < first + count && violation === undefined; seed++) {
    const { violations: [how] } = await runSeed(seed, counts);
    if (how !== undefined) violation = { seed, how };
  }
  thread.postMessage({ counts: [...counts], violation });
};
