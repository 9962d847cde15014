import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Target } from "../../bench/benchmark.ts";
import { judgeAll, type Measured, ratiosOf } from "../../bench/verdict.ts";

const ROUNDS: Measured[] = [
  { own: { rate: 100, lost: 0 }, reference: { rate: 10 } },
  { own: { rate: 300, lost: 0 }, reference: { rate: 10 } },
  { own: { rate: 200, lost: 2 }, reference: { rate: 40 } },
];
const RATIO: Target = { figure: "rate", of: "ratio", bound: { least: 11 } };

/** What a target comes to: the value, whether it is reached, and whether that binds. */
function judged(target: Target, { short = false } = {}): [number, boolean, boolean] {
  const [{ value, isReached, isBinding }] = judgeAll([target], ROUNDS, short);
  return [value, isReached, isBinding];
}

Deno.test("ratiosOf() compares what was measured in the same round", () => {
  deepStrictEqual(ratiosOf(ROUNDS, "rate"), [10, 30, 5]);
});

Deno.test("ratiosOf() compares medians, where a round gives many figures", () => {
  const rounds = [{ own: { ms: [1, 4, 90] }, reference: { ms: [2, 2, 80] } }];
  deepStrictEqual(ratiosOf(rounds, "ms"), [2]);
});

Deno.test("ratiosOf() gives nothing for a figure without a reference", () => {
  deepStrictEqual(ratiosOf(ROUNDS, "lost"), []);
  deepStrictEqual(ratiosOf([{ own: { rate: 1 } }], "rate"), []);
});

Deno.test("judgeAll() holds the median against the bound", () => {
  deepStrictEqual(judged(RATIO), [10, false, true]);
  deepStrictEqual(judged({ ...RATIO, bound: { least: 10 } }), [10, true, true]);
  deepStrictEqual(judged({ ...RATIO, bound: { most: 10 } }), [10, true, true]);
  deepStrictEqual(judged({ ...RATIO, bound: { most: 9.9 } }), [10, false, true]);
});

Deno.test("judgeAll() sees one bad round, when the most is asked for", () => {
  const target: Target = { figure: "lost", of: "count", bound: { most: 0 } };
  deepStrictEqual(judged(target), [0, true, true]);
  deepStrictEqual(judged({ ...target, statistic: "most" }), [2, false, true]);
});

Deno.test("judgeAll() in the short form has the short bound, and is bound by no time", () => {
  const short = { short: true };
  deepStrictEqual(judged({ ...RATIO, shortBound: { least: 9 } }, short), [10, true, true]);
  deepStrictEqual(judged({ ...RATIO, shortBound: { least: 10.5 } }, short), [10, false, true]);
  deepStrictEqual(judged(RATIO, short), [10, false, false]);
  const seconds: Target = { figure: "rate", of: "machine", bound: { least: 1_000 } };
  deepStrictEqual(judged(seconds, short), [200, false, false]);
  deepStrictEqual(judged(seconds), [200, false, true]);
});

Deno.test("judgeAll() finds no target reached whose figure was not measured", () => {
  const absent: Target = { figure: "absent", of: "count", bound: { most: 5 } };
  deepStrictEqual(judged(absent), [NaN, false, true]);
  strictEqual(judgeAll([{ ...absent, of: "ratio" }], [], false)[0].isReached, false);
});

Deno.test("judgeAll() leaves out a target that only the short form has a bound for", () => {
  const target: Target = { figure: "rate", of: "ratio", shortBound: { least: 11 } };
  deepStrictEqual(judgeAll([target], ROUNDS, false), []);
  deepStrictEqual(judged(target, { short: true }), [10, false, true]);
});
