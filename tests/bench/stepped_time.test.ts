import { deepStrictEqual as same } from "node:assert/strict";
import { SteppedTime } from "../../bench/stepped_time.ts";
import type { Store } from "../../lib/ledger/store.ts";
import { MemoryStore } from "../../lib/ledger/memory_store.ts";

/** A store whose looks take so long by the machine's clock. */
function slowStore(ms: number): Store {
  const store = new MemoryStore();
  store.refs = async () => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return new Map();
  };
  return store;
}

Deno.test("SteppedTime jumps from moment to moment, and stands still while a store is at work", async () => {
  const time = new SteppedTime();
  const { clock } = time;
  const store = time.over(slowStore(5));
  const story: [what: string, atMs: number][] = [];
  const work = async () => {
    for (let look = 1; look <= 2; look++) {
      await clock.wait(600_000);
      await store.refs();
      story.push([`look ${look}`, clock.elapsedMs()]);
    }
  };
  const watch = async () => {
    for (const ms of [600_001, 1]) await clock.wait(ms);
    story.push(["watched", clock.elapsedMs()]);
  };
  const all = Promise.all([work(), watch()]);
  await time.goOn(1_200_001);
  await all;
  same(story, [["look 1", 600_000], ["watched", 600_002], ["look 2", 1_200_000]]);
});

Deno.test("SteppedTime goes on for as long as it is told, also where nobody waits", async () => {
  const time = new SteppedTime();
  await time.goOn(1_000);
  same(time.clock.elapsedMs(), 1_000);
});

Deno.test("SteppedTime ends early when it is over, and does not wait for what fails", async () => {
  const time = new SteppedTime();
  const store = time.over(new MemoryStore());
  const failing = time.clock.wait(10).then(() => store.list("nothing", ""));
  let isOver = false;
  failing.catch(() => isOver = true);
  await time.goOn(1_000, () => isOver);
  same(time.clock.elapsedMs(), 10);
});
