import { deepStrictEqual as same, equal } from "node:assert/strict";
import {
  beatIntervalMs,
  isLapsed,
  latestBeatMs,
  type Silence,
  silencesAfter,
  trustedMs,
} from "../../lib/scheduling/lease.ts";

const LEASE = 9_000;
const claim = "t 1 noon";

/** A look that takes a tenth of a second begins at each of these moments, and sees this of the owner. */
function after(...looks: [beganMs: number, beat: string | undefined][]): Silence {
  let known = new Map<string, Silence>();
  for (const [beganMs, beat] of looks) {
    const look = { beganMs, endedMs: beganMs + 100 };
    known = silencesAfter(known, [{ claim, beat }], look, LEASE);
  }
  return known.get(claim)!;
}

/** A look every second. */
const looks = (count: number, beat?: string): [number, string | undefined][] =>
  Array.from({ length: count }, (_, index) => [index * 1_000, beat]);

Deno.test("silencesAfter() counts from the end of the first look to the begin of the last", () => {
  equal(after([0, "b1"]).silentMs, 0);
  equal(after(...looks(9, "b1")).silentMs, 7_900);
});

Deno.test("silencesAfter() begins anew with each sign of life", () => {
  equal(after(...looks(8, "b1"), [8_000, "b2"]).silentMs, 0);
  equal(after(...looks(8, "b1"), [8_000, "b2"], [9_000, "b2"]).silentMs, 900);
});

Deno.test("silencesAfter() counts a node without a ref, too", () => {
  equal(after(...looks(4)).silentMs, 2_900);
});

Deno.test("silencesAfter() counts a gap between two looks for a third of the lease at most", () => {
  equal(after([0, "b1"], [8_000, "b1"]).silentMs, 3_000);
});

Deno.test("silencesAfter() begins anew after a gap that is longer than the lease", () => {
  equal(after(...looks(9, "b1"), [17_001, "b1"]).silentMs, 0);
});

Deno.test("silencesAfter() begins anew after a look that was answered later than a lease", () => {
  const known = new Map([[claim, { beat: "b1", silentMs: 8_000, countedToMs: 8_000 }]]);
  const late = silencesAfter(
    known,
    [{ claim, beat: "b1" }],
    { beganMs: 9_000, endedMs: 18_001 },
    LEASE,
  );
  same(late.get(claim), { beat: "b1", silentMs: 0, countedToMs: 18_001 });
});

Deno.test("silencesAfter() takes nothing back, when looks overlap", () => {
  equal(after([0, "b1"], [50, "b1"], [1_000, "b1"]).silentMs, 900);
});

Deno.test("silencesAfter() forgets claims that are gone", () => {
  const known = new Map([[claim, { silentMs: 5_000, countedToMs: 5_000 }]]);
  const look = { beganMs: 6_000, endedMs: 6_100 };
  equal(silencesAfter(known, [], look, LEASE).size, 0);
  const again = silencesAfter(known, [{ claim: "t 2 later" }], look, LEASE);
  equal(again.get("t 2 later")?.silentMs, 0);
});

Deno.test("isLapsed() is so after a whole lease of silence, and never for what was not seen", () => {
  equal(isLapsed({ silentMs: LEASE - 1, countedToMs: 0 }, LEASE), false);
  equal(isLapsed({ silentMs: LEASE, countedToMs: 0 }, LEASE), true);
  equal(isLapsed(undefined, LEASE), false);
});

Deno.test("a worker stops trusting its lease before anybody else does", () => {
  equal(trustedMs(LEASE), 6_000);
});

Deno.test("beatIntervalMs() is a third of the lease for who holds claims, else ten minutes", () => {
  equal(beatIntervalMs(LEASE, true), 3_000);
  equal(beatIntervalMs(LEASE, false), 600_000);
});

Deno.test("beatIntervalMs() keeps within the lease whatever is wished", () => {
  equal(beatIntervalMs(LEASE, true, { wishedMs: 60_000 }), 3_000);
  equal(beatIntervalMs(LEASE, true, { wishedMs: 500 }), 500);
  equal(beatIntervalMs(LEASE, false, { wishedMs: 60_000 }), 60_000);
});

Deno.test("latestBeatMs() lets a sign of life wait for a look, where nothing depends on it", () => {
  equal(latestBeatMs(3_000, true), 3_000);
  equal(latestBeatMs(600_000, false), 720_000);
});
