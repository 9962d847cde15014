import { deepStrictEqual as same, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { shardOf, SHARDS } from "../../lib/protocol/identity.ts";
import {
  distanceTo,
  graceMs,
  helpsInMs,
  isUnsettled,
  lineWaitMs,
  placeInLine,
  restMs,
  territoryOf,
  wholeFrom,
} from "../../lib/scheduling/precedence.ts";

const names = (count: number) => Array.from({ length: count }, (_, at) => `n${at}`);
const ownOf = (node: string, atWork: string[]) => {
  const { shards, own } = territoryOf(node, atWork);
  return shards.slice(0, own);
};

for (const count of [1, 2, 3, 5, 8, 16]) {
  Deno.test(`territoryOf() shares all shards evenly among ${count} nodes, each for itself`, () => {
    const nodes = names(count);
    const owned = nodes.map((node) => ownOf(node, nodes));
    same(owned.flat().sort(), [...SHARDS]);
    const sizes = owned.map(({ length }) => length);
    ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `${sizes}`);
  });
}

for (const count of [17, 20, 40]) {
  Deno.test(`territoryOf() leaves no shard to nobody among ${count} nodes, nor to many`, () => {
    const nodes = names(count);
    const owned = nodes.map((node) => ownOf(node, nodes));
    ok(owned.every(({ length }) => length === 1));
    const nodesAt = SHARDS.map((shard) => owned.flat().filter((it) => it === shard).length);
    same([...new Set(nodesAt)].sort(), [Math.floor(count / 16), Math.ceil(count / 16)]);
  });
}

Deno.test("territoryOf() gives a lone node all shards, from that of its name on", () => {
  same(territoryOf("n1", ["n1"]), wholeFrom(shardOf("n1")));
  same(territoryOf("n1", []), wholeFrom(shardOf("n1")));
});

Deno.test("territoryOf() lets a node begin where it began before it had seen the others", () => {
  const nodes = names(8);
  const taken = new Set<string>();
  for (const node of nodes.toSorted()) {
    const home = shardOf(node);
    if (!taken.has(home)) equal(territoryOf(node, nodes).shards[0], home);
    taken.add(territoryOf(node, nodes).shards[0]);
  }
  equal(taken.size, 8);
});

Deno.test("territoryOf() comes to others' shards last to those at which their nodes begin", () => {
  const nodes = names(8);
  const { shards } = territoryOf("n0", nodes);
  const placeAt = (shard: string) =>
    Math.max(...nodes.map((node) => ownOf(node, nodes).indexOf(shard)));
  const places = shards.slice(2).map(placeAt);
  same(places, [...places].sort((a, b) => b - a));
  same(shards.toSorted(), [...SHARDS]);
});

Deno.test("territoryOf() does not depend on the order in which the nodes were seen", () => {
  const nodes = fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,6}$/), { minLength: 1 });
  fc.assert(fc.property(nodes, (given) => {
    const reversed = given.toReversed();
    for (const node of given) same(territoryOf(node, given), territoryOf(node, reversed));
  }));
});

Deno.test("distanceTo() is a shard's place in the order", () => {
  same(SHARDS.map((shard) => distanceTo(shard, wholeFrom("e"))), [
    ...[2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1],
  ]);
});

Deno.test("placeInLine() gives each node a place of its own, and another line for another thing", () => {
  const nodes = names(8);
  const line = (thing: string) => nodes.map((node) => placeInLine(node, nodes, thing));
  same(line("a").toSorted(), [0, 1, 2, 3, 4, 5, 6, 7]);
  ok(line("a").join() !== line("b").join());
  equal(placeInLine("n1", ["n1"], "a"), 0);
});

Deno.test("placeInLine() makes no line longer than sixteen", () => {
  const nodes = names(100);
  same(Math.max(...nodes.map((node) => placeInLine(node, nodes, "a"))), 15);
});

Deno.test("lineWaitMs() leaves room for what those before do, and for no more than needed", () => {
  same([0, 1, 4].map((place) => lineWaitMs(place, 10)), [0, 250, 1_000]);
  same([0, 1, 4].map((place) => lineWaitMs(place, 500)), [0, 1_000, 4_000]);
});

Deno.test("graceMs() and restMs() grow with the line, and with how long things take", () => {
  same([graceMs(0, 10), graceMs(2, 10), graceMs(0, 500)], [500, 1_000, 2_000]);
  same([restMs(0, 10), restMs(2, 10), restMs(0, 500)], [250, 750, 500]);
});

const HELPING: [seenMs: number, quietMs: number, ms: number][] = [
  [0, 9_999, 500],
  [200, 9_999, 300],
  [500, 9_999, 0],
  [600, 100, 400],
  [4_800, 0, 200],
  [5_000, 0, 0],
];

for (const [seenMs, quietMs, ms] of HELPING) {
  const when = `seen for ${seenMs} ms on a shard that is quiet for ${quietMs} ms`;
  Deno.test(`helpsInMs() is ${ms} ms for a task ${when}`, () => {
    equal(helpsInMs({ seenMs, quietMs, graceMs: 500 }), ms);
  });
}

Deno.test("isUnsettled() leaves it to others for ten seconds, and one after the other", () => {
  same([isUnsettled(9_999, 0, 10), isUnsettled(10_000, 0, 10)], [false, true]);
  same([isUnsettled(10_249, 1, 10), isUnsettled(10_250, 1, 10)], [false, true]);
});
