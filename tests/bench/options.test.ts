import { deepStrictEqual } from "node:assert/strict";
import { BENCHMARKS } from "../../bench/benchmarks.ts";
import { parseOptions } from "../../bench/options.ts";

const KNOWN = ["first", "second", "1"];

Deno.test("parseOptions() names all benchmarks where none is named", () => {
  deepStrictEqual(parseOptions([], KNOWN), { names: KNOWN, short: false, json: undefined });
});

Deno.test("parseOptions() keeps the order of the list, and each name once", () => {
  const args = ["1", "first", "--short", "--json", "out.json", "first"];
  const parsed = { names: ["first", "1"], short: true, json: "out.json" };
  deepStrictEqual(parseOptions(args, KNOWN), parsed);
});

Deno.test("parseOptions() takes no name for a value of --short", () => {
  const parsed = { names: ["second"], short: true, json: undefined };
  deepStrictEqual(parseOptions(["--short", "second"], KNOWN), parsed);
});

Deno.test("parseOptions() says what there is, when a name is wrong", () => {
  deepStrictEqual(parseOptions(["first", "third"], KNOWN), {
    problem: 'reading the options: no benchmark "third"; there are first, second, 1',
  });
});

Deno.test("parseOptions() refuses options that it does not know, and --json without a file", () => {
  deepStrictEqual(parseOptions(["--shorter"], KNOWN), {
    problem: "reading the options: unknown: --shorter",
  });
  deepStrictEqual(parseOptions(["--json"], KNOWN), {
    problem: "reading the options: --json: no file is named",
  });
});

Deno.test("BENCHMARKS have names of their own, and a reference where a ratio is wanted", () => {
  const names = BENCHMARKS.map(({ name }) => name);
  deepStrictEqual(names, [...new Set(names)]);
  for (const { name, against, targets } of BENCHMARKS) {
    const isCompared = targets.some(({ of }) => of === "ratio");
    deepStrictEqual([name, isCompared && against === undefined], [name, false]);
  }
});

Deno.test("BENCHMARKS all have a short form that can fail, by what is no time", () => {
  for (const { name, targets } of BENCHMARKS) {
    const gates = targets.filter(({ of, shortBound }) => of !== "machine" && shortBound);
    deepStrictEqual([name, gates.length > 0], [name, true]);
  }
});
