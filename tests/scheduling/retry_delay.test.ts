import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { retryDelayMs } from "../../lib/scheduling/retry_delay.ts";

const ALMOST_ONE = 1 - Number.EPSILON;

const BOUNDS: [attempt: number, least: number, most: number][] = [
  [1, 1_000, 2_000],
  [2, 2_000, 4_000],
  [3, 4_000, 8_000],
  [8, 128_000, 256_000],
  [9, 150_000, 300_000],
  [10, 150_000, 300_000],
  [2_000, 150_000, 300_000],
];

for (const [attempt, least, most] of BOUNDS) {
  Deno.test(`retryDelayMs() is from ${least} to ${most} after attempt ${attempt}`, () => {
    equal(retryDelayMs(attempt, 0), least);
    equal(retryDelayMs(attempt, ALMOST_ONE), most);
  });
}

Deno.test("retryDelayMs() is a whole number between its bounds, for any chance", () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(fc.property(fc.integer({ min: 1, max: 11 }), chance, (attempt, random) => {
    const delay = retryDelayMs(attempt, random);
    ok(Number.isInteger(delay) && delay >= 1_000 && delay <= 300_000);
  }));
});
