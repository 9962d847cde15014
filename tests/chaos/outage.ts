/**
 * A long time without the server.
 *
 * @module
 */
import { systemClock } from "../../lib/clock.ts";
import { conclude } from "./aftermath.ts";
import { progressOf } from "./evidence.ts";
import type { ChaosGrid } from "./grid.ts";
import { MemoryWatch } from "./memory_watch.ts";
import type { ScenarioOptions, Told } from "./scenario.ts";
import { waitingTasks } from "./workload.ts";

const NODES = 6;
const RUNNING = NODES * 2;
/** Shorter than two thirds of the lease: what runs longer is stopped, as it should be. */
const TASK_MS = 30_000;
/** Memory may grow by this much while nothing can be done. */
const MOST_GROWTH = 1.3;

/** Takes the server away while every slot is in use, and gives it back. */
export async function runOutage(grid: ChaosGrid, options: ScenarioOptions): Promise<Told> {
  const { minutes, stop, tell } = options;
  for (let number = 1; number <= NODES; number++) grid.addNode(`node-${number}`);
  await grid.submit(waitingTasks(RUNNING * 2, TASK_MS));
  while (startedTasks(grid) < RUNNING) await systemClock.wait(100);
  await using memory = new MemoryWatch(grid.nodes);
  await withoutServer(grid, minutes * 60_000, stop);
  const ran = grid.nodes.reduce((sum, { log }) => sum + log.count(/: success after/), 0);
  tell(`the server is back; ${ran} tasks ended without it`);
  const arrived = await untilArrived(grid, ran, stop);
  const { evidence, breaches } = await conclude(grid, { stop });
  const results = [...evidence.results.values()];
  for (const { task_id, attempts } of results) {
    if (attempts.length > 1) breaches.push(`${task_id}: was tried ${attempts.length} times`);
  }
  if (ran !== RUNNING) breaches.push(`${ran} of ${RUNNING} tasks ended without the server`);
  if (memory.growth > MOST_GROWTH) breaches.push(`memory grew: ${memory.inWords()}`);
  const words = [
    `${ran} tasks ended without the server; their results arrived ${arrived} s after it was back`,
    `${results.length} results, ${results.flatMap(({ attempts }) => attempts).length} attempts`,
    memory.inWords(),
  ];
  const record = { minutes, ran, arrived, memory: memory.samples, breaches };
  return { breaches, words: words.join("\n"), record };
}

/** The first half of the time it refuses, the second it says nothing. */
async function withoutServer(grid: ChaosGrid, forMs: number, stop: AbortSignal): Promise<void> {
  for (const outage of ["refusing", "silent"] as const) {
    grid.proxy.cut(outage);
    await systemClock.wait(forMs / 2, stop);
  }
  grid.proxy.mend();
}

function startedTasks({ nodes }: ChaosGrid): number {
  return nodes.reduce((sum, { log }) => sum + log.count(/: started, attempt/), 0);
}

/** How many seconds it takes until so many results are on the branch. */
async function untilArrived(grid: ChaosGrid, count: number, stop: AbortSignal): Promise<number> {
  const began = performance.now();
  while (!stop.aborted && (await progressOf(grid.repo)).settled < count) {
    await systemClock.wait(200, stop);
  }
  return Math.round((performance.now() - began) / 100) / 10;
}
