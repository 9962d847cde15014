import { equal, ok } from "node:assert/strict";
import {
  isSettlingDue,
  longestPollMs,
  pollDelayMs,
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

const SETTLING: [finished: number, waitedMs: number, jitter: number, due: boolean][] = [
  [0, 1e9, 0, false],
  [1, 999, 0, false],
  [1, 1_000, 0, true],
  [1, 1_999, 0.5, false],
  [1, 2_000, 0.5, true],
  [499, 0, 0, false],
  [500, 0, 0.99, true],
];

for (const [finished, waitedMs, jitter, due] of SETTLING) {
  const when = `${finished} finished for ${waitedMs} ms with jitter ${jitter}`;
  Deno.test(`isSettlingDue() is ${due} for ${when}`, () => {
    equal(isSettlingDue({ finished, waitedMs, jitter }), due);
  });
}
