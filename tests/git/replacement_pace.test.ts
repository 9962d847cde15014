import { equal, ok } from "node:assert/strict";
import { ReplacementPace } from "../../lib/git/replacement_pace.ts";

Deno.test("ReplacementPace allows the first replacement at once", () => {
  equal(new ReplacementPace().allows(0), true);
});

Deno.test("ReplacementPace allows one each second, as long as they help", () => {
  const pace = new ReplacementPace();
  for (let second = 0; second < 100; second++) {
    equal(pace.allows(second * 1_000), true);
    pace.noteMade(second * 1_000);
    pace.noteHelped();
    equal(pace.allows(second * 1_000 + 999), false);
  }
});

/** The moments of the replacements within a time, in seconds, when somebody asks each second. */
function madeWithin(pace: ReplacementPace, seconds: number, from = 0): number[] {
  const made: number[] = [];
  for (let now = from; now < from + seconds; now++) {
    if (!pace.allows(now * 1_000)) continue;
    pace.noteMade(now * 1_000);
    made.push(now);
  }
  return made;
}

Deno.test("ReplacementPace makes fewer and fewer, when they do not help", () => {
  equal(
    madeWithin(new ReplacementPace(), 3_600).join(" "),
    "0 4 20 84 340 940 1540 2140 2740 3340",
  );
});

Deno.test("ReplacementPace allows one soon again, once one has helped", () => {
  const pace = new ReplacementPace();
  madeWithin(pace, 3_600);
  pace.noteHelped();
  ok(pace.allows(3_601_000));
});
