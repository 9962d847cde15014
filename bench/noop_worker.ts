/**
 * A worker of no-op tasks as a process of its own: says `ready`, begins when a line comes, works
 * until the grid is idle, and prints what it did as JSON.
 *
 *     noop_worker.ts URL HOME NODE_ID PARALLEL
 *
 * @module
 */
import { join } from "@std/path";
import { openLedger } from "./bench_grid.ts";
import { countingSwaps } from "./counting_store.ts";
import { makeWorker } from "./make_worker.ts";
import { NoopExecutor } from "./noop_executor.ts";
import { watchTime } from "./time_parts.ts";

/** What a worker did. */
export interface WorkerReport {
  /** The ids of what it ran, in that order. */
  ran: string[];
  swaps: number;
  lost: number;
  /** Where its time went, in percent. */
  parts: Record<string, number>;
  /** How much memory it held after {@link WARM_TASKS}, in bytes; absent where there were fewer. */
  warmRss?: number;
  /** The most that it held from then on, as seen at every hundredth task and at the end, in bytes. */
  mostRss: number;
  /** How much it held at its end, in bytes. */
  rss: number;
}

/** By then everything that a worker needs has been loaded. */
export const WARM_TASKS = 1_000;
/** So many tasks lie between two looks at the memory. */
const SEEN_EACH = 100;

async function work([url, home, nodeId, parallel]: string[]): Promise<WorkerReport> {
  const counts = { swaps: 0, lost: 0 };
  const seen: number[] = [];
  const executor = new NoopExecutor((count) => {
    if (count >= WARM_TASKS && count % SEEN_EACH === 0) seen.push(Deno.memoryUsage().rss);
  });
  const over = (store: Parameters<typeof countingSwaps>[0]) => countingSwaps(store, counts);
  await using open = await openLedger({ url, home, name: nodeId, over });
  await open.ledger.refresh();
  const outbox = join(home, "outbox");
  const options = { executor, nodeId, outbox, parallel: Number(parallel), exitWhenIdle: true };
  const worker = makeWorker(open.ledger, options);
  console.log("ready");
  await Deno.stdin.read(new Uint8Array(16));
  const partsOf = watchTime(open.git);
  await worker.run(new AbortController().signal);
  const parts = partsOf(worker.counters);
  const { rss } = Deno.memoryUsage();
  const memory = { warmRss: seen[0], mostRss: Math.max(...seen, rss), rss };
  return { ran: executor.ran, ...counts, parts, ...memory };
}

if (import.meta.main) console.log(JSON.stringify(await work(Deno.args)));
