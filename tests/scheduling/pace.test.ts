import { equal, ok } from "node:assert/strict";
import {
  gatherMs,
  longestPollMs,
  pollDelayMs,
  settleAfterMs,
  type Unsettled,
  watchfulPollMs,
} from "../../lib/scheduling/pace.ts";

const PACE = { pollMs: 1_000, maxMs: 60_000 };

/** With the middle chance nothing is spread. */
const QUIET: [ticks: number, ms: number][] = [
  [0, 1_000],
  [1, 1_000],
  [2, 2_000],
  [3, 4_000],
  [6, 32_000],
  [7, 60_000],
  [9_999, 60_000],
];

for (const [ticks, ms] of QUIET) {
  Deno.test(`pollDelayMs() is ${ms} ms after ${ticks} quiet looks, up to its longest`, () => {
    equal(pollDelayMs(PACE, ticks, 0.5), ms);
  });
}

Deno.test("pollDelayMs() spreads by a tenth either way", () => {
  equal(pollDelayMs(PACE, 0, 0), 900);
  const most = pollDelayMs(PACE, 0, 1 - Number.EPSILON);
  ok(most > 1_099 && most <= 1_100);
});

Deno.test("longestPollMs() is never exceeded, also where the longest is below the interval", () => {
  for (const pace of [PACE, { pollMs: 5_000, maxMs: 1_000 }]) {
    for (const ticks of [0, 1, 8]) {
      ok(pollDelayMs(pace, ticks, 1 - Number.EPSILON) <= longestPollMs(pace));
    }
  }
});

Deno.test("watchfulPollMs() lets what was cancelled go on for two intervals at most", () => {
  equal(watchfulPollMs(1_000), 2_000);
});

const ALONE: Unsettled = { finished: 1, jitter: 0.5, nodes: 1, actMs: 100 };

const SETTLING: [what: string, changes: Partial<Unsettled>, afterMs: number][] = [
  ["2 s after the first", {}, 2_000],
  ["half of that, with the least jitter", { jitter: 0 }, 1_000],
  ["still later, one below many", { finished: 499 }, 2_000],
  ["at once, when it is many", { finished: 500 }, 0],
  ["rarely enough for all of many nodes", { nodes: 20 }, 6_000],
  ["rarely enough where a push takes long", { nodes: 2, actMs: 3_000 }, 18_000],
  ["once a round, where pushes are made in turn", { nodes: 20, roundMs: 60_000 }, 60_000],
  ["not at once for what fits into a later turn", { finished: 2_499, roundMs: 60_000 }, 60_000],
  ["at once for what does not", { finished: 2_500, roundMs: 60_000 }, 0],
];

for (const [what, changes, afterMs] of SETTLING) {
  Deno.test(`settleAfterMs() lets a node settle ${what}`, () => {
    equal(settleAfterMs({ ...ALONE, ...changes }), afterMs);
  });
}

for (const [actMs, ms] of [[0, 500], [50, 500], [120, 1_200], [900, 2_000]]) {
  Deno.test(`gatherMs() is ${ms} ms where a push takes ${actMs} ms`, () => {
    equal(gatherMs(actMs), ms);
  });
}
