import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { median, percentile, summarize, summaryOf } from "../../bench/statistics.ts";

Deno.test("median() gives the middle one, or the mean of the two there", () => {
  strictEqual(median([10, 9, 100]), 10);
  strictEqual(median([4, 1, 3, 100]), 3.5);
  strictEqual(median([]), NaN);
});

Deno.test("percentile() gives the smallest value that so many in a hundred do not exceed", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  strictEqual(percentile(hundred, 99), 99);
  strictEqual(percentile(hundred, 100), 100);
  strictEqual(percentile(hundred, 1), 1);
  strictEqual(percentile([7, 5], 99), 7);
  strictEqual(percentile([7, 5], 0), 5);
  strictEqual(percentile([], 99), NaN);
});

Deno.test("summarize() applies the statistic that was named", () => {
  const values = [3, 1, 2, 10];
  strictEqual(summarize(values, "median"), 2.5);
  strictEqual(summarize(values, "most"), 10);
  strictEqual(summarize(values, "least"), 1);
  strictEqual(summarize(values, "p99"), 10);
  strictEqual(summarize([], "most"), NaN);
});

Deno.test("summaryOf() leaves the values as they were", () => {
  const values = [3, 1, 2];
  deepStrictEqual(summaryOf(values), { median: 2, least: 1, most: 3, p99: 3, count: 3 });
  deepStrictEqual(values, [3, 1, 2]);
});
