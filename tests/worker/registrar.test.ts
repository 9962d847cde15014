import { deepStrictEqual as same, equal } from "node:assert/strict";
import { settleSome } from "../../lib/ledger/settle.ts";
import { nodePath } from "../../lib/protocol/layout.ts";
import type { NodeRecord } from "../../lib/protocol/node_record.ts";
import { encodeRecord } from "../../lib/protocol/record.ts";
import { Registrar } from "../../lib/worker/registrar.ts";
import { nodeRecord } from "../ledger/node_example.ts";
import { MemoryGrid, tamper } from "../support/memory_grid.ts";

async function registrar(grid: MemoryGrid, record: NodeRecord, atWork: string[]) {
  const nodeId = record.node_id;
  const { ledger } = await grid.look(nodeId);
  return {
    ledger,
    registrar: new Registrar(ledger, { nodeId, clock: grid.clock }, { atWork }, () => record),
  };
}

async function show(grid: MemoryGrid, node: NodeRecord): Promise<void> {
  const change = { path: "node.json", bytes: encodeRecord(node) };
  await tamper(grid, grid.names.node(node.node_id), [change]);
}

const nodesIn = (grid: MemoryGrid) => grid.mainFiles().filter((path) => path.startsWith("nodes/"));

Deno.test("begin() records a node that is alone at once", async () => {
  const grid = await MemoryGrid.with([]);
  const { registrar: one } = await registrar(grid, nodeRecord("a"), ["a"]);
  await one.begin();
  same([nodesIn(grid), await one.isDone(), one.dueMs], [["nodes/a.json"], true, Infinity]);
});

Deno.test("begin() lets a node among others wait for a settlement, for five seconds", async () => {
  const grid = await MemoryGrid.with([]);
  const { registrar: one } = await registrar(grid, nodeRecord("a"), ["a", "b"]);
  equal(one.dueMs, Infinity);
  await one.begin();
  same([nodesIn(grid), await one.isDone(), one.dueMs], [[], false, 5_000]);
});

Deno.test("changes() records this node, and those at work that are missing and have not left", async () => {
  const grid = await MemoryGrid.with([]);
  await tamper(grid, grid.names.branch, [
    { path: nodePath("b"), bytes: encodeRecord(nodeRecord("b")) },
  ]);
  await show(grid, nodeRecord("b", { parallel: 9 }));
  await show(grid, nodeRecord("c"));
  await show(grid, nodeRecord("d", { status: "offline" }));
  await show(grid, nodeRecord("e"));
  const { ledger, registrar: one } = await registrar(grid, nodeRecord("a"), ["a", "b", "c", "d"]);
  await one.begin();
  const changes = await one.changes();
  same(changes.map(({ path }) => path), ["nodes/a.json", "nodes/c.json"]);
  await settleSome(ledger, undefined, changes);
  same([await one.isDone(), await one.changes(), one.dueMs], [true, [], Infinity]);
});

Deno.test("changes() is not wanted again at once, when it was written in vain", async () => {
  const grid = await MemoryGrid.with([]);
  const { registrar: one } = await registrar(grid, nodeRecord("a"), ["a", "b"]);
  await one.begin();
  grid.clock.advance(7_000);
  await one.changes();
  equal(one.dueMs, 12_000);
});

Deno.test("a node that comes back as another one replaces its record, whoever is at work", async () => {
  const grid = await MemoryGrid.with([]);
  await tamper(grid, grid.names.branch, [
    { path: nodePath("a"), bytes: encodeRecord(nodeRecord("a", { labels: { gpu: "no" } })) },
  ]);
  const record = nodeRecord("a", { labels: { gpu: "yes" } });
  const { ledger, registrar: one } = await registrar(grid, record, ["a", "b"]);
  await one.begin();
  equal(await one.isDone(), false);
  await settleSome(ledger, undefined, await one.changes());
  equal(await one.isDone(), true);
});

Deno.test("a node that others have recorded is done", async () => {
  const grid = await MemoryGrid.with([]);
  const { ledger, registrar: one } = await registrar(grid, nodeRecord("a"), ["a", "b"]);
  await one.begin();
  await tamper(grid, grid.names.branch, [
    { path: nodePath("a"), bytes: encodeRecord(nodeRecord("a")) },
  ]);
  await ledger.refresh();
  equal(await one.isDone(), true);
});
