import { equal } from "node:assert/strict";
import {
  beatIntervalMs,
  IDLE_BEAT_MS,
  isLapsed,
  type Sighting,
  type Silence,
  silencesAfter,
  trustedMs,
} from "../../lib/scheduling/lease.ts";

const LEASE = 9_000;
const claim = "t 1 noon";

/** What is known after looks, each with its gap and what the owner's ref named. */
function after(looks: [gapMs: number, beat: string | undefined][]): Silence {
  let known = new Map<string, Silence>();
  for (const [gapMs, beat] of looks) {
    const seen: Sighting[] = [{ claim, beat }];
    known = silencesAfter(known, seen, gapMs, LEASE);
  }
  return known.get(claim)!;
}

/** A look every second. */
const looks = (count: number, beat?: string): [number, string | undefined][] =>
  Array.from({ length: count }, () => [1_000, beat]);

Deno.test("silencesAfter() counts from the first sight of a claim", () => {
  equal(after([[Infinity, "b1"]]).silentMs, 0);
  equal(after([[Infinity, "b1"], ...looks(8, "b1")]).silentMs, 8_000);
});

Deno.test("silencesAfter() begins anew with each sign of life", () => {
  equal(after([[Infinity, "b1"], ...looks(8, "b1"), [1_000, "b2"]]).silentMs, 0);
});

Deno.test("silencesAfter() counts a node without a ref, too", () => {
  equal(after([[Infinity, undefined], ...looks(3)]).silentMs, 3_000);
});

Deno.test("silencesAfter() counts a gap between two looks for a third of the lease at most", () => {
  equal(after([[Infinity, "b1"], [8_000, "b1"]]).silentMs, 3_000);
});

Deno.test("silencesAfter() begins anew after a gap that is longer than the lease", () => {
  equal(after([[Infinity, "b1"], ...looks(8, "b1"), [9_001, "b1"]]).silentMs, 0);
});

Deno.test("silencesAfter() forgets claims that are gone", () => {
  const known = new Map([[claim, { silentMs: 5_000 }]]);
  equal(silencesAfter(known, [], 1_000, LEASE).size, 0);
  const again = silencesAfter(known, [{ claim: "t 2 later" }], 1_000, LEASE);
  equal(again.get("t 2 later")?.silentMs, 0);
});

Deno.test("isLapsed() is so after a whole lease of silence, and never for what was not seen", () => {
  equal(isLapsed({ silentMs: LEASE - 1 }, LEASE), false);
  equal(isLapsed({ silentMs: LEASE }, LEASE), true);
  equal(isLapsed(undefined, LEASE), false);
});

Deno.test("a worker stops trusting its lease before anybody else does", () => {
  equal(trustedMs(LEASE), 6_000);
});

Deno.test("beatIntervalMs() is a third of the lease for who holds claims, else five minutes", () => {
  equal(beatIntervalMs(LEASE, true), 3_000);
  equal(beatIntervalMs(LEASE, false), IDLE_BEAT_MS);
});

Deno.test("beatIntervalMs() keeps within the lease whatever is wished", () => {
  equal(beatIntervalMs(LEASE, true, 60_000), 3_000);
  equal(beatIntervalMs(LEASE, true, 500), 500);
  equal(beatIntervalMs(LEASE, false, 60_000), 60_000);
});
