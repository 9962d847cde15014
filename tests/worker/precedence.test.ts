import { deepStrictEqual as same, equal } from "node:assert/strict";
import type { Ledger } from "../../lib/ledger/ledger.ts";
import { SHARDS } from "../../lib/protocol/identity.ts";
import { placeInLine, territoryOf, wholeFrom } from "../../lib/scheduling/precedence.ts";
import { Precedence } from "../../lib/worker/precedence.ts";
import { MemoryGrid, tamper } from "../support/memory_grid.ts";

const NODES = ["n1", "n2", "n3"];

interface Place {
  grid: MemoryGrid;
  ledger: Ledger;
  precedence: Precedence;
  /** What the node believes of itself and of the others. */
  world: { atWork: string[]; tickMs: number; takesTurn: boolean };
  look(): Promise<void>;
}

async function place(nodeId = "n1", atWork = NODES): Promise<Place> {
  const grid = await MemoryGrid.with([]);
  const { ledger } = await grid.look(nodeId);
  const world = { atWork, tickMs: 0, takesTurn: false };
  const neighbours = { atWork: () => world.atWork };
  const precedence = new Precedence(ledger, { nodeId, clock: grid.clock }, {
    neighbours,
    rhythm: world,
    pushes: world,
  });
  const look = async () => {
    await ledger.refresh();
    precedence.noteLook();
  };
  await look();
  return { grid, ledger, precedence, world, look };
}

/** A shard of the node's own, and one of others. */
function shardsOf(nodeId: string): [own: string, others: string] {
  const { shards, own } = territoryOf(nodeId, NODES);
  return [shards[0], shards[own]];
}

Deno.test("a node has its share of the shards, and all of them as long as it knows of nobody", async () => {
  const { precedence, world } = await place();
  same(precedence.territory, territoryOf("n1", NODES));
  same([precedence.isOwn(shardsOf("n1")[0]), precedence.isOwn(shardsOf("n1")[1])], [true, false]);
  world.atWork = ["n1"];
  precedence.noteLook();
  same(precedence.territory, territoryOf("n1", ["n1"]));
});

Deno.test("where pushes are made in turn all shards are everybody's, from the own one on", async () => {
  const { precedence, world } = await place();
  world.takesTurn = true;
  same(precedence.territory, wholeFrom(territoryOf("n1", NODES).shards[0]));
  same([precedence.sharers, precedence.branchInMs(0)], [3, 0]);
  equal(precedence.takesInMs(shardsOf("n1")[1], 0), 0);
});

Deno.test("sharers counts those with whom a node shares its shards", async () => {
  const many = Array.from({ length: 20 }, (_, at) => `n${at}`);
  same([(await place()).precedence.sharers, (await place("n1", many)).precedence.sharers], [1, 2]);
});

Deno.test("takesInMs() leaves to others what is theirs, until nobody has moved it for a while", async () => {
  const { grid, precedence, look } = await place();
  const [own, others] = shardsOf("n1");
  const graceMs = precedence.graceMs(others);
  equal(graceMs, 500 + 250 * placeInLine("n1", NODES, others));
  const seenMs = grid.clock.elapsedMs();
  same([precedence.takesInMs(own, seenMs), precedence.takesInMs(others, seenMs)], [0, graceMs]);
  grid.clock.advance(graceMs - 1);
  equal(precedence.takesInMs(others, seenMs), 1);
  await tamper(grid, grid.names.shard(others), []);
  await look();
  equal(precedence.takesInMs(others, seenMs), graceMs);
  grid.clock.advance(graceMs);
  equal(precedence.takesInMs(others, seenMs), 0);
});

Deno.test("quietMs() is nothing for what this process has moved itself since it looked", async () => {
  const { grid, ledger, precedence } = await place();
  const [own] = shardsOf("n1");
  grid.clock.advance(5_000);
  equal(precedence.quietMs(grid.names.shard(own)), 5_000);
  ledger.noteShard(own, { tip: "1", tasks: new Map(), broken: new Map() });
  equal(precedence.quietMs(grid.names.shard(own)), 0);
});

Deno.test("settles() holds for the own shards, and for those that others leave alone", async () => {
  const { grid, precedence } = await place();
  const [own, others] = shardsOf("n1");
  same([precedence.settles(own), precedence.settles(others)], [true, false]);
  grid.clock.advance(10_000 + 250 * placeInLine("n1", NODES, others));
  equal(precedence.settles(others), true);
});

Deno.test("branchInMs() lets the nodes go one after the other, and draws anew after each move", async () => {
  const { grid, ledger, precedence, world, look } = await place();
  world.tickMs = 500;
  const placeNow = () => placeInLine("n1", NODES, ledger.main.commit);
  const seen = new Set<number>();
  while (seen.size < NODES.length) {
    grid.clock.advance(60_000);
    equal(precedence.branchInMs(0), 0);
    await tamper(grid, grid.names.branch, []);
    await look();
    seen.add(placeNow());
    equal(precedence.branchInMs(0), 1_000 * placeNow());
    grid.clock.advance(100);
    equal(precedence.branchInMs(0), Math.max(0, 1_000 * placeNow() - 100));
    equal(precedence.branchInMs(grid.clock.elapsedMs()), 1_000 * placeNow());
  }
});

Deno.test("restsInMs() lets the nodes read what is at rest one after the other", async () => {
  const { grid, ledger, precedence } = await place();
  const restMs = 250 + 250 * placeInLine("n1", NODES, ledger.main.commit);
  same(SHARDS.map((shard) => precedence.restsInMs(shard)), SHARDS.map(() => restMs));
  grid.clock.advance(restMs);
  equal(precedence.restsInMs("0"), 0);
});
