import { deepStrictEqual as same, equal } from "node:assert/strict";
import { BusyWorld, mostInAMinute } from "../../bench/busy_world.ts";

Deno.test("mostInAMinute() looks at every minute, whenever it begins", () => {
  equal(mostInAMinute([]), 0);
  equal(mostInAMinute([0, 60_000, 120_000]), 1);
  equal(mostInAMinute([0, 59_999, 60_000, 119_998, 119_999]), 3);
  equal(mostInAMinute([90_000, 30_001, 31_000]), 3);
});

/** Lets somebody push a new commit to a ref, at a moment. */
async function pushAt(world: BusyWorld, atMs: number, expected?: string): Promise<void> {
  const { store, writer } = world.open("somebody").ledger;
  await world.scheduler.sleep(atMs - world.now);
  const author = { name: writer.name, email: writer.email };
  const order = { parent: expected, message: `at ${atMs}`, author, time: 0, changes: [] };
  const next = await store.write((commits) => commits.commit(order));
  await store.swap([{ ref: "refs/dgrid/turn", expected, next }], { atomic: true });
}

/** How many pushes reached the host, and how many had an effect. */
async function countsOf(moments: number[]): Promise<number[]> {
  const world = new BusyWorld(1);
  let left = moments.length;
  for (const atMs of moments) pushAt(world, atMs).finally(() => left--);
  equal(await world.scheduler.run(() => left === 0, 60_000), true);
  return [world.pushesAt.length, world.movesAt.length];
}

Deno.test("BusyWorld counts a push in vain where both were on their way", async () => {
  same(await countsOf([0]), [1, 1]);
  same(await countsOf([0, 50]), [2, 1]);
});

Deno.test("BusyWorld does not count what Git has found to be stale by itself", async () => {
  same(await countsOf([0, 1_000]), [1, 1]);
});
