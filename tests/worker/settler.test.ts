import { deepStrictEqual as same, equal, ok, rejects } from "node:assert/strict";
import type { Ledger } from "../../lib/ledger/ledger.ts";
import { say } from "../../lib/ledger/live_edge.ts";
import { settleAll } from "../../lib/ledger/settle.ts";
import type { Change } from "../../lib/ledger/store.ts";
import { shardOf } from "../../lib/protocol/identity.ts";
import { notRun } from "../../lib/protocol/result.ts";
import { Settler } from "../../lib/worker/settler.ts";
import { makeTask, MemoryGrid, tamper } from "../support/memory_grid.ts";

const [OWN, OTHERS] = ["a", "b"];

/** Ends tasks without running them. */
async function finish(ledger: Ledger, ids: string[]): Promise<void> {
  const at = ledger.writer.clock.now().toISOString();
  const node_id = ledger.writer.name;
  await say(
    ledger,
    ids.map((task_id) => ({
      event: { kind: "cancel", task_id, node_id, at },
      execution: notRun("cancelled", "it was cancelled"),
      spec: ledger.main.queue.get(task_id)!.blob,
    })),
  );
}

/** A settler of `n1`, and what it believes of the others. */
async function settler() {
  const grid = await MemoryGrid.with([OWN, OTHERS, "c"].map((id) => makeTask(id)));
  const { ledger, store } = await grid.look("n1");
  const world = {
    atWork: ["n1"],
    tickMs: 0,
    isOpen: true,
    takesTurn: false,
    paceMs: 0,
    isAbandoned: false,
    turnInMs: 0,
    more: [] as Change[],
    dueMs: Infinity,
  };
  const precedence = {
    atWork: world.atWork,
    settles: (shard: string) => shard !== shardOf(OTHERS) || world.isAbandoned,
    branchInMs: () => world.turnInMs,
  };
  const registrar = {
    get dueMs() {
      return world.dueMs;
    },
    changes: () => Promise.resolve(world.more),
    isDone: () => Promise.resolve(world.more.length === 0),
  };
  const options = { nodeId: "n1", clock: grid.clock, random: () => 0 };
  const one = new Settler(ledger, options, { pushes: world, precedence, rhythm: world, registrar });
  const look = () => ledger.refresh();
  return { grid, ledger, store, world, one, look };
}

const resultsIn = (grid: MemoryGrid) =>
  grid.mainFiles().filter((path) => path.startsWith("tasks/failed/"))
    .map((path) => path.split("/")[3]).sort();

Deno.test("settleIfDue() waits two seconds for more, and takes what is this node's", async () => {
  const { grid, ledger, one } = await settler();
  equal(one.inMs, Infinity);
  await finish(ledger, [OWN, OTHERS]);
  same([await one.settleIfDue(), one.inMs], [false, 2_000]);
  grid.clock.advance(1_999);
  equal(await one.settleIfDue(), false);
  grid.clock.advance(1);
  same([one.inMs, await one.settleIfDue()], [0, true]);
  same(resultsIn(grid), [`${OWN}.json`]);
  same([await one.settleIfDue(), one.inMs], [false, Infinity]);
});

Deno.test("settleIfDue() takes what is others', when they leave it alone", async () => {
  const { grid, ledger, world, one } = await settler();
  await finish(ledger, [OTHERS]);
  grid.clock.advance(60_000);
  equal(await one.settleIfDue(), false);
  world.isAbandoned = true;
  await one.settleIfDue();
  grid.clock.advance(2_000);
  equal(await one.settleIfDue(), true);
  same(resultsIn(grid), [`${OTHERS}.json`]);
});

Deno.test("settleIfDue() waits for its turn to move the branch, and for a push to be allowed", async () => {
  const { grid, ledger, world, one } = await settler();
  await finish(ledger, [OWN]);
  await one.settleIfDue();
  grid.clock.advance(2_000);
  world.turnInMs = 700;
  same([one.inMs, await one.settleIfDue()], [700, false]);
  world.turnInMs = 0;
  world.isOpen = false;
  equal(await one.settleIfDue(), false);
  world.isOpen = true;
  equal(await one.settleIfDue(), true);
});

Deno.test("settleIfDue() records nodes with the results, or alone when they have waited", async () => {
  const { grid, ledger, world, one } = await settler();
  world.more = [{ path: "nodes/n1.json", bytes: new Uint8Array() }];
  world.dueMs = 5_000;
  equal(one.inMs, 5_000);
  grid.clock.advance(5_000);
  equal(await one.settleIfDue(), true);
  equal(grid.mainFiles()[1], "nodes/n1.json");
  world.dueMs = Infinity;
  world.more = [{ path: "nodes/n2.json", bytes: new Uint8Array() }];
  await finish(ledger, [OWN]);
  await one.settleIfDue();
  grid.clock.advance(2_000);
  await one.settleIfDue();
  same([grid.mainFiles()[2], resultsIn(grid)], ["nodes/n2.json", [`${OWN}.json`]]);
});

Deno.test("settleAtLast() takes what others leave as well, when all is to be settled", async () => {
  const { grid, ledger, one, look } = await settler();
  await finish(ledger, [OWN, OTHERS]);
  await one.settleAtLast(true, look);
  same(resultsIn(grid), [`${OWN}.json`, `${OTHERS}.json`]);
});

Deno.test("settleAtLast() takes what is this node's, or was done by it, when others go on", async () => {
  const { grid, ledger, one, look } = await settler();
  await finish(ledger, [OWN]);
  const { ledger: other } = await grid.look("n2");
  await finish(other, [OTHERS]);
  await ledger.refresh();
  await one.settleAtLast(false, look);
  same(resultsIn(grid), [`${OWN}.json`]);
  await finish(ledger, ["c"]);
  await one.settleAtLast(false, look);
  same(resultsIn(grid), [`${OWN}.json`, "c.json"]);
});

Deno.test("settleAtLast() waits for its turn, and has nothing to do when another was first", async () => {
  const { grid, ledger, world, one } = await settler();
  await finish(ledger, [OWN]);
  world.turnInMs = 9_999;
  let looks = 0;
  await one.settleAtLast(true, async () => {
    looks++;
    if (looks < 3) return;
    const { ledger: other } = await grid.look("n2");
    await settleAll(other);
    await ledger.refresh();
  });
  same([looks, grid.clock.elapsedMs()], [3, 750]);
  same(resultsIn(grid), [`${OWN}.json`]);
});

Deno.test("settleAtLast() leaves it to the others, when its turn does not come in three seconds", async () => {
  const { grid, ledger, world, one, look } = await settler();
  await finish(ledger, [OWN]);
  world.turnInMs = 9_999;
  await one.settleAtLast(false, look);
  same([grid.clock.elapsedMs(), resultsIn(grid)], [3_000, []]);
});

Deno.test("settleAtLast() goes out of turn after twenty seconds, when all is to be settled", async () => {
  const { grid, ledger, world, one, look } = await settler();
  await finish(ledger, [OWN]);
  world.turnInMs = 9_999;
  await one.settleAtLast(true, look);
  same([grid.clock.elapsedMs(), resultsIn(grid)], [20_000, [`${OWN}.json`]]);
});

Deno.test("settleAtLast() tries again after a lost race, but not for ever", async () => {
  const { grid, ledger, store, one, look } = await settler();
  await finish(ledger, [OWN]);
  let races = 1;
  const lose = async () => {
    await tamper(grid, grid.names.branch, []);
    if (--races > 0) store.beforeSwap = lose;
  };
  store.beforeSwap = lose;
  await one.settleAtLast(true, look);
  same(resultsIn(grid), [`${OWN}.json`]);
  await finish(ledger, ["c"]);
  races = 99;
  store.beforeSwap = lose;
  await rejects(one.settleAtLast(true, look), /settling: tried 12 times in vain/);
  ok(races <= 99 - 12);
});

Deno.test("settleAtLast() records this node, when nothing else is left to be settled", async () => {
  const { grid, world, one, look } = await settler();
  world.more = [{ path: "nodes/n1.json", bytes: new Uint8Array() }];
  await one.settleAtLast(false, look);
  ok(!grid.mainFiles().includes("nodes/n1.json"), "others go on, and do it later");
  await one.settleAtLast(true, look);
  ok(grid.mainFiles().includes("nodes/n1.json"));
});
