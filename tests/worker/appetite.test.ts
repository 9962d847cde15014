import { deepStrictEqual as same, equal } from "node:assert/strict";
import type { Ledger } from "../../lib/ledger/ledger.ts";
import { say } from "../../lib/ledger/live_edge.ts";
import { shardOf, SHARDS } from "../../lib/protocol/identity.ts";
import { territoryOf } from "../../lib/scheduling/precedence.ts";
import { Appetite } from "../../lib/worker/appetite.ts";
import { Precedence } from "../../lib/worker/precedence.ts";
import { QueueOrder } from "../../lib/worker/queue_order.ts";
import { executionOf } from "../support/fake_executor.ts";
import { makeTask, MemoryGrid, tamper } from "../support/memory_grid.ts";

const NODES = ["n1", "n2"];
const OWN = territoryOf("n1", NODES).shards.slice(0, 8);
const IDS = Array.from({ length: 400 }, (_, at) => `t${at}`);

/** The first so many ids of tasks on some shards. */
const idsOn = (shards: string[], count = 1) =>
  IDS.filter((id) => shards.includes(shardOf(id))).slice(0, count);
const others = (count = 1) => idsOn(SHARDS.filter((shard) => !OWN.includes(shard)), count);

/** The appetite of `n1`, and what it believes of itself and of the others. */
async function appetite(ids: string[], exitWhenIdle = false) {
  const grid = await MemoryGrid.with(ids.map((id) => makeTask(id)));
  const { ledger, store } = await grid.look("n1");
  const world = {
    atWork: NODES,
    taskMs: undefined as number | undefined,
    tickMs: 0,
    gapMs: 0,
    paceMs: 0,
    takesTurn: false,
    slots: { size: 0, youngestMs: undefined as number | undefined },
    concerned: [] as string[],
    lapsed: [] as string[],
  };
  const order = new QueueOrder(grid.clock);
  const precedence = new Precedence(ledger, { nodeId: "n1", clock: grid.clock }, {
    neighbours: { atWork: () => world.atWork },
    rhythm: world,
    pushes: world,
  });
  const options = { clock: grid.clock, parallel: 4, pollMs: 200, exitWhenIdle };
  const one = new Appetite(ledger, options, {
    slots: world.slots,
    precedence,
    rhythm: world,
    order,
    observer: { isLapsed: ({ task_id }) => world.lapsed.includes(task_id) },
    concerned: () => world.concerned,
    pushes: world,
  });
  const look = async () => {
    await ledger.refresh({ wantedShards: () => one.wantedShards() });
    one.noteLook();
    precedence.noteLook();
    order.update(ledger.main, precedence.territory);
  };
  await look();
  const wanted = () => SHARDS.filter(one.wantedShards());
  return { grid, ledger, store, world, order, one, look, wanted };
}

Deno.test("room is for as many as run at once, as long as nobody knows how long tasks take", async () => {
  const { one, world } = await appetite(idsOn(OWN, 100));
  equal(one.room, 4);
  world.slots.size = 3;
  equal(one.room, 1);
});

Deno.test("room is for what the slots do until the next push, up to all that is this node's", async () => {
  const { one, world } = await appetite([...idsOn(OWN, 100), ...others(200)]);
  world.taskMs = 100;
  // At least half a second is gathered, or a poll waited for.
  equal(one.room, 4 + 20);
  world.slots.youngestMs = 250;
  equal(one.room, 4 + 8);
  world.slots.youngestMs = undefined;
  world.taskMs = 1;
  equal(one.room, 4 + 100);
});

Deno.test("room is for a share of what is others', when nothing is left of the own", async () => {
  const { one, world } = await appetite(others(31));
  world.taskMs = 1;
  equal(one.room, 4 + 16);
});

Deno.test("room leaves out what somebody has begun", async () => {
  const { ledger, one, world, look } = await appetite(idsOn(OWN, 10));
  world.taskMs = 1;
  const at = "2026-01-01T00:00:00.000Z";
  const [task_id] = idsOn(OWN, 1);
  const spec = ledger.main.queue.get(task_id)!.blob;
  await say(ledger, [{ event: { kind: "claim", task_id, node_id: "n1", at }, spec }]);
  await look();
  equal(one.room, 4 + 9);
});

Deno.test("a node reads the shards of what it has in hand, and of what it would take next", async () => {
  const [own] = idsOn(OWN);
  const [foreign] = others();
  const { world, wanted } = await appetite([own, foreign]);
  same(wanted(), [shardOf(own)]);
  world.concerned = [foreign];
  same(wanted(), [shardOf(own), shardOf(foreign)].sort());
});

Deno.test("a node reads others' shards when it may take from them", async () => {
  const [foreign] = others();
  const { grid, wanted } = await appetite([foreign]);
  same(wanted(), []);
  grid.clock.advance(5_000);
  same(wanted(), [shardOf(foreign)]);
});

Deno.test("a node reads others' shards where a more urgent task is left alone", async () => {
  const [own] = idsOn(OWN);
  const [foreign] = others();
  const grid = await appetite([own]);
  const text = JSON.stringify(makeTask(foreign, { priority: "critical" }));
  const path = `tasks/queue/critical/${shardOf(foreign)}/${foreign}.json`;
  const bytes = new TextEncoder().encode(text);
  await tamper(grid.grid, grid.grid.names.branch, [{ path, bytes }]);
  await grid.look();
  same(grid.wanted(), [shardOf(own)]);
  grid.grid.clock.advance(5_000);
  same(grid.wanted(), [shardOf(own), shardOf(foreign)].sort());
});

/** Claims tasks as another node, and ends them in a way. */
async function claimed(
  { ledger }: { ledger: Ledger },
  ids: string[],
  outcome?: "success" | "failed",
): Promise<void> {
  const at = "2026-01-01T00:00:00.000Z";
  const own = { node_id: "n2", at };
  await say(
    ledger,
    ids.map((task_id) => ({
      event: { kind: "claim", task_id, ...own },
      spec: ledger.main.queue.get(task_id)!.blob,
    })),
  );
  if (outcome === undefined) return;
  const ended = { attempt: 1, claimed_at: at, outcome, retries: 1, retry_at: at };
  const execution = executionOf(outcome);
  await say(
    ledger,
    ids.map((task_id) => ({
      event: { kind: "report", task_id, ...own, ...ended },
      execution,
      task: makeTask(task_id),
    })),
  );
}

for (const [what, outcome] of [["settled", "success"], ["tried again", "failed"]] as const) {
  Deno.test(`a node reads its own shards where something is to be ${what}`, async () => {
    const [own] = idsOn(OWN);
    const [foreign] = others();
    const place = await appetite([own, foreign]);
    await claimed(place, [own, foreign], outcome);
    await place.look();
    same(place.wanted(), [shardOf(own)]);
  });
}

Deno.test("a node reads the shards of claims whose owners are lost", async () => {
  const [foreign] = others();
  const place = await appetite([foreign]);
  await claimed(place, [foreign]);
  await place.look();
  same(place.wanted(), []);
  place.world.lapsed = [foreign];
  same(place.wanted(), [shardOf(foreign)]);
});

Deno.test("a node reads all shards once in a third of the lease, and always where turns are taken", async () => {
  const { grid, world, look, wanted } = await appetite([]);
  same(wanted(), []);
  grid.clock.advance(100_000);
  same(wanted(), [...SHARDS]);
  await look();
  same(wanted(), []);
  world.takesTurn = true;
  same(wanted(), [...SHARDS]);
});

Deno.test("a node that ends when all is done reads what has come to rest", async () => {
  const { grid, one, look, wanted } = await appetite(others(1), true);
  const [shard] = others(1).map(shardOf);
  const rest = SHARDS.filter((it) => it !== shard);
  same([wanted(), one.restsInMs], [rest, Infinity]);
  await tamper(grid, grid.names.shard(shard), []);
  await look();
  // Nobody else has anything to do with it, and whoever moves it may not have done with it.
  const restMs = one.restsInMs;
  same([restMs === 250 || restMs === 500, wanted()], [true, rest]);
  grid.clock.advance(restMs);
  same([one.restsInMs, wanted()], [0, [...SHARDS]]);
  await look();
  equal(one.restsInMs, Infinity);
});

Deno.test("a node that ends when all is done reads all at times, however busy others are", async () => {
  const { grid, one, look, wanted } = await appetite(others(1), true);
  const [shard] = others(1).map(shardOf);
  for (let elapsedMs = 0; elapsedMs < 4_900; elapsedMs += 100) {
    await tamper(grid, grid.names.shard(shard), []);
    grid.clock.advance(100);
    await look();
  }
  equal(wanted().length, 15);
  equal(one.restsInMs, 100);
  grid.clock.advance(100);
  equal(wanted().length, 16);
});

Deno.test("a node that runs something does not wait for the end of all work", async () => {
  const { world, one, wanted } = await appetite([], true);
  world.slots.size = 1;
  same([wanted(), one.restsInMs], [[], Infinity]);
});
