import { equal, ok } from "node:assert/strict";
import * as fc from "fast-check";
import {
  isTakenInTurn,
  leaseSecondsFor,
  lotMs,
  ownPaceMs,
  roundMs,
  scarceIdleBeatMs,
  seatsOf,
  turnGapMs,
  turnOpensMs,
  usualPushBudget,
} from "../../lib/scheduling/push_budget.ts";

const HOSTS: [address: string, budget: number][] = [
  ["https://github.com/owner/name.git", 6],
  ["https://token@GitHub.com/owner/name", 6],
  ["git@github.com:owner/name.git", 6],
  ["ssh://git@ssh.github.com:443/owner/name.git", 6],
  ["https://gitlab.com/owner/name.git", 600],
  ["gitlab.com:owner/name.git", 600],
  ["https://github.com.example.org/owner/name.git", Infinity],
  ["https://git.example.org/github.com/name.git", Infinity],
  ["/srv/git/github.com/name.git", Infinity],
  ["file:///srv/git/name.git", Infinity],
  ["../github.com:x", Infinity],
];

for (const [address, budget] of HOSTS) {
  Deno.test(`usualPushBudget() of ${address} is ${budget}`, () => {
    equal(usualPushBudget(address), budget);
  });
}

Deno.test("pushes are taken in turn up to one a second", () => {
  equal(isTakenInTurn(6), true);
  equal(isTakenInTurn(60), true);
  equal(isTakenInTurn(61), false);
  equal(isTakenInTurn(Infinity), false);
});

Deno.test("turnOpensMs() never lets more pushes into a minute than the budget", () => {
  const some = fc.record({
    budget: fc.integer({ min: 1, max: 60 }),
    leaseMs: fc.constantFrom(10_000, 300_000),
    // How long after each could be made somebody wants to make it.
    pauses: fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 200 }),
  });
  fc.assert(fc.property(some, ({ budget, leaseMs, pauses }) => {
    const pushedMs: number[] = [];
    for (const pause of pauses) {
      const now = (pushedMs[0] ?? 0) + pause;
      pushedMs.unshift(
        Math.max(now, turnOpensMs(budget, { pushedMs, turnMs: pushedMs[0] ?? -Infinity, leaseMs })),
      );
    }
    pushedMs.slice(budget).forEach((at, index) => ok(pushedMs[index] - at >= 60_000));
  }));
});

Deno.test("turnOpensMs() lets two thirds of a budget be spent at once, the rest with gaps", () => {
  const opensMs = (pushedMs: number[], turnMs: number, leaseMs = 300_000) =>
    turnOpensMs(6, { pushedMs, turnMs, leaseMs });
  equal(opensMs([], -Infinity), -Infinity);
  ok(opensMs([0, 0, 0], 0) <= 0);
  equal(opensMs([0, 0, 0, 0], 0), turnGapMs(6));
  equal(opensMs([20, 0, 0, 0, 0, 0], 20), 60_600);
  // Other pushes than those in turn count, but need no gap.
  equal(opensMs([9, 9, 9, 0], 0), turnGapMs(6));
  // A short lease cannot bear a long pause.
  equal(opensMs([0], 0, 239_000), turnGapMs(6));
});

Deno.test("nodes that keep their own pace never make more than the budget in a minute", () => {
  const some = fc.record({
    budget: fc.integer({ min: 61, max: 10_000 }),
    nodes: fc.integer({ min: 1, max: 60 }),
  });
  fc.assert(fc.property(some, ({ budget, nodes }) => {
    const each = 1 + Math.floor((60_000 - 1) / ownPaceMs(budget, nodes));
    ok(each * nodes <= budget || nodes > budget / 2, `${each} × ${nodes}`);
  }));
});

Deno.test("lotMs() is none for a node alone, and never longer than a gap", () => {
  equal(lotMs(6, 1, 0.9), 0);
  equal(lotMs(6, 3, 0.5), 3_000);
  equal(lotMs(6, 100, 0.5), turnGapMs(6) / 2);
});

Deno.test("as many as have a seat have their turn within half a lease", () => {
  const some = fc.record({
    budget: fc.integer({ min: 2, max: 60 }),
    leaseMs: fc.integer({ min: 5_000, max: 86_400_000 }),
  });
  fc.assert(fc.property(some, ({ budget, leaseMs }) => {
    const seats = seatsOf(budget, leaseMs);
    ok(roundMs(budget, seats) <= leaseMs / 2);
    if (seats > 0) ok(8 * turnGapMs(budget) <= leaseMs && roundMs(budget, seats + 1) > leaseMs / 2);
  }));
});

Deno.test("leaseSecondsFor() is a lease with which so many have a seat", () => {
  equal(seatsOf(6, 300_000), 9);
  equal(leaseSecondsFor(6, 1), 81);
  equal(seatsOf(6, 80_000), 0);
  for (const nodes of [9, 20]) equal(seatsOf(6, leaseSecondsFor(6, nodes) * 1000), nodes);
});

Deno.test("nodes that hold nothing leave three of four turns to the others", () => {
  const nodes = 40;
  const aMinute = (nodes * 60_000) / scarceIdleBeatMs(6, nodes);
  ok(aMinute <= 6 / 4);
});
