import { deepStrictEqual as same, equal } from "node:assert/strict";
import { listNodes, registerNode } from "../../lib/ledger/nodes.ts";
import { nodePath } from "../../lib/protocol/layout.ts";
import type { NodeRecord } from "../../lib/protocol/node_record.ts";
import { encodeRecord } from "../../lib/protocol/record.ts";
import { nodeRecord as record } from "./node_example.ts";
import { MemoryGrid, tamper } from "../support/memory_grid.ts";

/** A grid with these records, each under a name on the branch and under a name on the live edge. */
async function gridWith(
  listed: [name: string, record: NodeRecord][],
  said: [name: string, record: NodeRecord][],
): Promise<MemoryGrid> {
  const grid = await MemoryGrid.with([]);
  for (const [name, node] of listed) {
    await tamper(grid, grid.names.branch, [{ path: nodePath(name), bytes: encodeRecord(node) }]);
  }
  for (const [name, node] of said) {
    const change = { path: "node.json", bytes: encodeRecord(node) };
    await tamper(grid, grid.names.node(name), [change]);
  }
  return grid;
}

async function nodesOf(grid: MemoryGrid): Promise<string[][]> {
  const { ledger } = await grid.look("somebody");
  return (await listNodes(ledger)).map(({ node_id, status }) => [node_id, status]);
}

Deno.test("listNodes() believes what a node said last, and the branch of those that are gone", async () => {
  const grid = await gridWith([["a", record("a")], ["b", record("b")]], [
    ["a", record("a", { status: "draining" })],
  ]);
  same(await nodesOf(grid), [["a", "draining"], ["b", "online"]]);
});

Deno.test("listNodes() passes over a record that claims to be another node", async () => {
  const offline = record("a", { status: "offline" });
  const grid = await gridWith([["a", record("a")], ["x", offline]], [["y", offline]]);
  same(await nodesOf(grid), [["a", "online"]]);
});

Deno.test("registerNode() replaces a record of another node under its name", async () => {
  const grid = await gridWith([["a", record("b")]], []);
  const { ledger } = await grid.look("a");
  await registerNode(ledger, record("a"));
  same(await nodesOf(grid), [["a", "online"]]);
  const commit = ledger.main.commit;
  await registerNode(ledger, record("a", { last_seen: "2026-01-02T00:00:00Z" }));
  equal(ledger.main.commit, commit);
});
