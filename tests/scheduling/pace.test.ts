import { equal, ok } from "node:assert/strict";
import { isSettlingDue, pollDelayMs } from "../../lib/scheduling/pace.ts";

/** With the middle chance nothing is spread. */
const QUIET: [ticks: number, factor: number][] = [[0, 1], [1, 1], [2, 2], [3, 4], [4, 5], [999, 5]];

for (const [ticks, factor] of QUIET) {
  Deno.test(`pollDelayMs() is ${factor} times the interval after ${ticks} quiet looks`, () => {
    equal(pollDelayMs(1_000, ticks, 0.5), factor * 1_000);
  });
}

Deno.test("pollDelayMs() spreads by a fifth either way", () => {
  equal(pollDelayMs(1_000, 0, 0), 800);
  const most = pollDelayMs(1_000, 0, 1 - Number.EPSILON);
  ok(most > 1_199 && most <= 1_200);
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
    equal(isSettlingDue(finished, waitedMs, jitter), due);
  });
}
