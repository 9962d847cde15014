/**
 * What a node takes of its own shards, and what of others'.
 *
 * @module
 */
import { deepStrictEqual as same, equal } from "node:assert/strict";
import { say } from "../../lib/ledger/live_edge.ts";
import { shardOf } from "../../lib/protocol/identity.ts";
import { type Territory, wholeFrom } from "../../lib/scheduling/precedence.ts";
import { findWork } from "../../lib/worker/candidates.ts";
import { QueueOrder } from "../../lib/worker/queue_order.ts";
import { makeTask, MemoryGrid, tamper } from "../support/memory_grid.ts";

/** Of this node's shards there are two, and all others are others'. */
const TERRITORY: Territory = { ...wholeFrom("0"), own: 2 };
const IDS = Array.from({ length: 400 }, (_, at) => `t${String(at).padStart(3, "0")}`);
const idsOn = (shard: string, count: number) =>
  IDS.filter((id) => shardOf(id) === shard).slice(0, count);
const OFFER = { runs: ["module"], labels: {}, cpus: 8, memory_mb: 8_192 };

interface Told {
  wanted: number;
  abroad?: number;
  /** How long each of others' shards is still left to them; by default not at all. */
  leftMs?: Record<string, number>;
  nowMs?: number;
}

async function gridOf(tasks: ReturnType<typeof makeTask>[]) {
  const grid = await MemoryGrid.with(tasks);
  const { ledger } = await grid.look("n1");
  const order = new QueueOrder(grid.clock);
  const look = async ({ wanted, abroad = 9, leftMs = {}, nowMs = 0 }: Told) => {
    order.update(ledger.main, TERRITORY);
    const left = (shard: string) => leftMs[shard] ?? 0;
    const choice = await findWork(ledger, {
      offers: { ever: OFFER, now: OFFER },
      precedence: {
        territory: TERRITORY,
        isOwn: (shard) => "01".includes(shard),
        graceMs: left,
        takesInMs: left,
      },
      held: new Set(),
      wanted,
      abroad,
      now: new Date(Date.UTC(2026, 0, 1) + nowMs),
      nowMs,
      observer: { isLapsed: () => false, hasWaited: () => false, waitsSinceMs: () => undefined },
      order,
    });
    return { ...choice, ids: choice.claimable.map(({ task_id }) => task_id) };
  };
  return { grid, ledger, look };
}

const made = (ids: string[], more: Record<string, unknown> = {}) =>
  ids.map((id) => makeTask(id, { created_at: "2026-01-01T00:00:00Z", ...more }));

Deno.test("findWork() takes what is its own, and nothing of others while there is any", async () => {
  const own = [...idsOn("0", 3), ...idsOn("1", 2)];
  const { look } = await gridOf([...made(own), ...made(idsOn("7", 9))]);
  same((await look({ wanted: 4 })).ids, own.slice(0, 4));
  same((await look({ wanted: 20 })).ids, own);
});

Deno.test("findWork() takes of others what goes before its own, up to a limit", async () => {
  const urgent = idsOn("7", 9);
  const { look } = await gridOf([
    ...made(idsOn("0", 5)),
    ...made(urgent, { priority: "critical" }),
    ...made(idsOn("8", 5)),
  ]);
  same((await look({ wanted: 8, abroad: 3 })).ids, [...urgent.slice(0, 3), ...idsOn("0", 5)]);
  const { ids, helpsInMs } = await look({ wanted: 8, leftMs: { "7": 400 } });
  same([ids, helpsInMs], [idsOn("0", 5), 400]);
});

Deno.test("findWork() helps in one shard at a time, that which is left to others no longer", async () => {
  const { look } = await gridOf([...made(idsOn("4", 3)), ...made(idsOn("9", 3))]);
  same((await look({ wanted: 9 })).ids, idsOn("4", 3));
  same((await look({ wanted: 9, leftMs: { "4": 700 } })).ids, idsOn("9", 3));
  const { ids, helpsInMs, isWorkLeft } = await look({ wanted: 9, leftMs: { "4": 700, "9": 300 } });
  same([ids, helpsInMs, isWorkLeft], [[], 300, true]);
});

Deno.test("findWork() takes nothing of others that has moved since it was read", async () => {
  const { grid, ledger, look } = await gridOf(made(idsOn("4", 3)));
  await tamper(grid, grid.names.shard("4"), []);
  await ledger.refresh({ wantedShards: () => () => false });
  const { ids, helpsInMs, isWorkLeft } = await look({ wanted: 9 });
  same([ids, helpsInMs, isWorkLeft], [[], 0, true]);
  await ledger.refresh();
  same((await look({ wanted: 9 })).ids, idsOn("4", 3));
});

Deno.test("findWork() does not call the work done while shards are unread", async () => {
  const { grid, ledger, look } = await gridOf([]);
  equal((await look({ wanted: 9 })).isWorkLeft, false);
  await tamper(grid, grid.names.shard("4"), []);
  await ledger.refresh({ wantedShards: () => () => false });
  equal((await look({ wanted: 9 })).isWorkLeft, true);
});

Deno.test("findWork() leaves a retry in others' shards to them for a moment, when it is due", async () => {
  const [own] = idsOn("0", 1);
  const [foreign] = idsOn("4", 1);
  const { ledger, look } = await gridOf(made([own, foreign], { retries: 1 }));
  const at = "2026-01-01T00:00:00.000Z";
  await say(
    ledger,
    [own, foreign].map((task_id) => ({
      event: { kind: "claim", task_id, node_id: "n2", at },
      spec: ledger.main.queue.get(task_id)!.blob,
    })),
  );
  const ended = { attempt: 1, claimed_at: at, at, outcome: "failed", retries: 1 } as const;
  await say(
    ledger,
    [own, foreign].map((task_id) => ({
      event: {
        kind: "report",
        task_id,
        node_id: "n2",
        ...ended,
        retry_at: "2026-01-01T00:00:02.000Z",
      },
    })),
  );
  const leftMs = { "4": 500 };
  same((await look({ wanted: 9, nowMs: 1_999, leftMs })).ids, []);
  same((await look({ wanted: 9, nowMs: 2_000, leftMs })).ids, [own]);
  same((await look({ wanted: 9, nowMs: 2_499, leftMs })).ids, [own]);
  same((await look({ wanted: 9, nowMs: 2_500, leftMs })).ids, [own, foreign]);
});
