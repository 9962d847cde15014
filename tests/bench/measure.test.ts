import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import type { Benchmark } from "../../bench/benchmark.ts";
import { isPassed, measure } from "../../bench/measure.ts";
import { describeReport } from "../../bench/report.ts";

const SIMPLE: Benchmark = {
  name: "simple",
  measures: "nothing",
  against: "twice as much",
  targets: [{ figure: "n", of: "ratio", bound: { most: 0.4 }, shortBound: { most: 0.5 } }],
  prepare: () =>
    Promise.resolve({
      own: () => Promise.resolve({ n: 1 }),
      reference: () => Promise.resolve({ n: 2 }),
    }),
};

Deno.test("measure() measures both sides in turn, in folders that are gone afterwards", async () => {
  const story: string[] = [];
  const folders: string[] = [];
  const side = (name: string) => async (round: { number: number; folder: string }) => {
    story.push(`${name} ${round.number}`);
    folders.push(round.folder);
    await Deno.writeTextFile(`${round.folder}/file`, "");
    return { n: round.number };
  };
  await measure({
    ...SIMPLE,
    rounds: { full: 2, short: 1 },
    prepare: ({ stack, folder }) => {
      folders.push(folder);
      stack.defer(() => void story.push("over"));
      return Promise.resolve({ own: side("own"), reference: side("reference") });
    },
  }, false);
  deepStrictEqual(story, ["own 0", "reference 0", "reference 1", "own 1", "over"]);
  strictEqual(new Set(folders).size, 5);
  for (const folder of folders) {
    strictEqual(await Deno.stat(folder).then(() => "there", () => "gone"), "gone");
  }
});

Deno.test("measure() fails a benchmark whose target is missed, in the form where it is", async () => {
  const full = await measure(SIMPLE, false);
  deepStrictEqual([full.rounds.length, isPassed(full)], [5, false]);
  match(describeReport(full), /n: 0\.5, wanted at most 0\.4: MISSED/);
  const short = await measure(SIMPLE, true);
  deepStrictEqual([short.rounds.length, isPassed(short)], [3, true]);
  match(describeReport(short), /n: ours 1 \(1–1\); reference 2 \(2–2\); ratio 0\.5 \(0\.5–0\.5\)/);
});

Deno.test("measure() needs neither a reference nor several rounds", async () => {
  const report = await measure({
    ...SIMPLE,
    against: undefined,
    targets: [{ figure: "n", of: "count", bound: { most: 1 } }],
    rounds: { full: 1, short: 1 },
    prepare: () => Promise.resolve({ own: () => Promise.resolve({ n: 1 }) }),
  }, false);
  deepStrictEqual(report.rounds, [{ own: { n: 1 }, reference: undefined }]);
  strictEqual(isPassed(report), true);
});

Deno.test("measure() passes nothing that could not be measured, and says why", async () => {
  const report = await measure({
    ...SIMPLE,
    missing: () => Promise.resolve("no engine answers"),
    prepare: () => Promise.reject(new Error("prepared")),
  }, false);
  strictEqual(isPassed(report), false);
  match(describeReport(report), /not measured: no engine answers$/);
});
