import { deepStrictEqual as same, equal } from "node:assert/strict";
import { encodeRecord } from "../../lib/protocol/record.ts";
import type { NodeRecord } from "../../lib/protocol/node_record.ts";
import { IDLE_BEAT_MS } from "../../lib/scheduling/lease.ts";
import { Neighbours } from "../../lib/worker/neighbours.ts";
import { nodeRecord } from "../ledger/node_example.ts";
import { MemoryGrid, tamper } from "../support/memory_grid.ts";

const LONG_MS = 2 * IDLE_BEAT_MS;

async function gridOf(...nodes: NodeRecord[]): Promise<MemoryGrid> {
  const grid = await MemoryGrid.with([]);
  for (const node of nodes) await show(grid, node);
  return grid;
}

async function show(grid: MemoryGrid, node: NodeRecord): Promise<void> {
  const change = { path: "node.json", bytes: encodeRecord(node) };
  await tamper(grid, grid.names.node(node.node_id), [change]);
}

Deno.test("noteLook() counts those that were there before, but for those that had left", async () => {
  const gone = nodeRecord("gone", { status: "offline" });
  const grid = await gridOf(nodeRecord("there"), gone, nodeRecord("me", { status: "offline" }));
  const { ledger } = await grid.look("me");
  const neighbours = new Neighbours(ledger, "me");
  await neighbours.noteLook(0);
  same(neighbours.atWork(0).sort(), ["me", "there"]);
  equal(neighbours.countAt(0), 2);
});

Deno.test("noteLook() counts whoever shows itself, also after a goodbye", async () => {
  const grid = await gridOf(nodeRecord("gone", { status: "offline" }));
  const { ledger } = await grid.look("me");
  const neighbours = new Neighbours(ledger, "me");
  await neighbours.noteLook(0);
  await show(grid, nodeRecord("gone"));
  await show(grid, nodeRecord("new"));
  await ledger.refresh();
  await neighbours.noteLook(1_000);
  same(neighbours.atWork(1_000).sort(), ["gone", "me", "new"]);
});

Deno.test("noteLook() notices within a minute who has left, and reads no more often", async () => {
  const grid = await gridOf(nodeRecord("a"));
  const { ledger, store } = await grid.look("me");
  let reads = 0;
  const fetch = store.fetch;
  store.fetch = (tips) => (reads++, fetch(tips));
  const neighbours = new Neighbours(ledger, "me");
  await neighbours.noteLook(0);
  await show(grid, nodeRecord("a", { status: "offline" }));
  store.fetch = fetch;
  await ledger.refresh();
  store.fetch = (tips) => (reads++, fetch(tips));
  await neighbours.noteLook(59_999);
  same([neighbours.atWork(59_999), reads], [["me", "a"], 1]);
  await neighbours.noteLook(60_000);
  same([neighbours.atWork(60_000), reads], [["me"], 2]);
  await neighbours.noteLook(999_999);
  equal(reads, 2);
});

Deno.test("atWork() forgets who has missed two signs of life, but never this node", async () => {
  const grid = await gridOf(nodeRecord("a"), nodeRecord("b"));
  const { ledger } = await grid.look("me");
  const neighbours = new Neighbours(ledger, "me");
  await neighbours.noteLook(0);
  await show(grid, nodeRecord("b", { last_seen: "2026-01-02T00:00:00Z" }));
  await ledger.refresh();
  await neighbours.noteLook(1);
  same(neighbours.atWork(LONG_MS).sort(), ["a", "b", "me"]);
  same(neighbours.atWork(LONG_MS + 1).sort(), ["b", "me"]);
  same(neighbours.atWork(LONG_MS + 2), ["me"]);
});
