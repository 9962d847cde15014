/**
 * A grid under faults from beginning to end (DESIGN.md section 4: "One result").
 *
 * @module
 */
import { systemClock } from "../../lib/clock.ts";
import { conclude } from "./aftermath.ts";
import { Chance } from "./chance.ts";
import { Driver } from "./driver.ts";
import { progressOf } from "./evidence.ts";
import { planFaults } from "./fault_plan.ts";
import { Faults } from "./faults.ts";
import type { ChaosGrid } from "./grid.ts";
import { inWords, makeReport } from "./report.ts";
import type { ScenarioOptions, Told } from "./scenario.ts";

const NODES = 6;
const LEAST_TASKS = 300;
const TASKS_PER_MINUTE = 60;
const TELL_MS = 10_000;

/** Works, breaks, heals and checks. The grid's processes have ended when this is done. */
export async function runChaos(grid: ChaosGrid, options: ScenarioOptions): Promise<Told> {
  const { minutes, seed, stop, tell } = options;
  const startedMs = Date.now();
  const chance = new Chance(seed);
  const durationMs = minutes * 60_000;
  const plan = planFaults(chance, NODES, durationMs);
  const faults = new Faults(grid);
  const driver = new Driver(grid, new Chance(chance.integer(0, 2 ** 32 - 1)));
  for (let number = 1; number <= NODES; number++) grid.addNode(`node-${number}`);
  const tasks = Math.max(LEAST_TASKS, Math.round(minutes * TASKS_PER_MINUTE));
  await using _ticker = tellNowAndThen(grid, faults, tell);
  await Promise.all([driver.run(tasks, durationMs, stop), faults.inject(plan, stop)]);
  tell("no more faults");
  const aftermath = await conclude(grid, { stop, onLook: () => faults.startLost() });
  aftermath.breaches.push(...faults.breaches);
  const report = makeReport({ seed, minutes, startedMs, grid, faults, driver, ...aftermath });
  return { breaches: report.breaches, words: inWords(report), record: report };
}

function tellNowAndThen(
  grid: ChaosGrid,
  faults: Faults,
  tell: (line: string) => void,
): AsyncDisposable {
  const over = new AbortController();
  const began = performance.now();
  const loop = (async () => {
    for (;;) {
      await systemClock.wait(TELL_MS, over.signal);
      if (over.signal.aborted) return;
      const { settled } = await progressOf(grid.repo);
      const seconds = Math.round((performance.now() - began) / 1000);
      const { length: done } = faults.journal;
      tell(`${seconds} s: ${settled} of ${grid.submissions.length} settled, ${done} faults`);
    }
  })();
  return {
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await loop;
    },
  };
}
