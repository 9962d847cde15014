import { equal } from "node:assert/strict";
import { aheadOf, MAX_AHEAD, patienceMs, type Workload } from "../../lib/scheduling/ahead.ts";

const BUSY: Workload = {
  parallel: 4,
  taskMs: 100,
  pushMs: 500,
  patienceMs: 30_000,
  open: 10_000,
  nodes: 1,
  othersInMs: 0,
};

const CASES: [what: string, changes: Partial<Workload>, count: number][] = [
  ["what its slots do until the next push", {}, 20],
  ["what is begun until then, too", { taskMs: 300 }, 8],
  ["one for each slot, where tasks take longer than a push", { taskMs: 29_000 }, 4],
  ["as many as it can take where nothing takes no time", { taskMs: 0, pushMs: 0 }, 4],
  ["nothing while nobody knows how long tasks take", { taskMs: undefined }, 0],
  ["nothing that would wait for longer than it may", { taskMs: 30_001 }, 0],
  ["its share of what there is", { open: 30, nodes: 3 }, 10],
  ["its share, rounded up", { open: 31, nodes: 3 }, 11],
  ["nothing where there is nothing", { open: 0 }, 0],
  ["what it does before others can take it", { open: 30, nodes: 3, othersInMs: 400 }, 16],
  ["no more than slots need, also of that", { open: 30, nodes: 3, othersInMs: 9_000 }, 20],
  ["no more than so many at all", { taskMs: 0.001, pushMs: 60_000 }, MAX_AHEAD],
];

for (const [what, changes, count] of CASES) {
  Deno.test(`aheadOf() takes ${what}`, () => {
    equal(aheadOf({ ...BUSY, ...changes }), count);
  });
}

const PATIENCE: [leaseMs: number, pushMs: number, ms: number][] = [
  [300_000, 500, 30_000],
  [300_000, 40_000, 80_000],
  [300_000, 90_000, 100_000],
  [30_000, 500, 10_000],
];

for (const [leaseMs, pushMs, ms] of PATIENCE) {
  const when = `with a lease of ${leaseMs} ms and a push every ${pushMs} ms`;
  Deno.test(`patienceMs() is ${ms} ms ${when}`, () => {
    equal(patienceMs(leaseMs, pushMs), ms);
  });
}
