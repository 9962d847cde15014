import { deepStrictEqual as same, equal } from "node:assert/strict";
import type { Job } from "../../lib/executor/executor.ts";
import { DEFAULT_SETTINGS } from "../../lib/protocol/settings.ts";
import type { LiveState } from "../../lib/protocol/live_state.ts";
import type { Ended } from "../../lib/worker/ending.ts";
import { Slots } from "../../lib/worker/slots.ts";
import { executionOf, FakeExecutor, untilStopped } from "../support/fake_executor.ts";
import { makeTask, VirtualClock } from "../support/memory_grid.ts";

function claimed(task_id: string): LiveState {
  const claimed_at = "2026-01-01T00:00:00.000Z";
  const state = { version: 1, task_id, status: "claimed", attempt: 1, node_id: "n1" } as const;
  return { ...state, claimed_at, attempts: [] };
}

function hands(executor: FakeExecutor, parallel: number, isTrusted = () => true) {
  const ended: Ended[] = [];
  const options = { executor, clock: new VirtualClock(), random: () => 0, parallel };
  const slots = new Slots(options, (one) => void ended.push(one), isTrusted);
  const take = (id: string) =>
    slots.start({ task: makeTask(id), state: claimed(id), sentMs: 0 }, DEFAULT_SETTINGS);
  const kinds = () => ended.map(({ saying }) => `${saying?.event.kind} ${saying?.event.task_id}`);
  return { slots, take, kinds };
}

Deno.test("start() lets what is above `parallel` wait, and runs it in its turn", async () => {
  const executor = new FakeExecutor(["module"], () => Promise.resolve(executionOf("success")));
  const { slots, take, kinds } = hands(executor, 1);
  for (const id of ["a", "b", "c"]) take(id);
  same([slots.size, slots.waiting], [3, 2]);
  await slots.ended();
  same(executor.started, ["a#1", "b#1", "c#1"]);
  same(kinds(), ["report a", "report b", "report c"]);
  same([slots.size, slots.waiting], [0, 0]);
});

Deno.test("stopWaiting() hands back what waits, and lets run what runs", async () => {
  const executor = new FakeExecutor(["module"], untilStopped);
  const { slots, take, kinds } = hands(executor, 1);
  for (const id of ["a", "b"]) take(id);
  await Promise.resolve();
  await Promise.resolve();
  same(slots.runningIds, ["a"]);
  slots.stopWaiting(0);
  slots.stopAll();
  await slots.ended();
  same([executor.started, kinds().sort()], [["a#1"], ["hand_back a", "hand_back b"]]);
});

Deno.test("an attempt that is stopped between its turn and its start is not started", async () => {
  const executor = new FakeExecutor(["module"], untilStopped);
  const { slots, take, kinds } = hands(executor, 1);
  take("a");
  slots.stop("a", "leaving");
  await slots.ended();
  same([executor.started, kinds()], [[], ["hand_back a"]]);
  equal(slots.size, 0);
});

Deno.test("an attempt whose turn comes when others may have taken it is handed back", async () => {
  const executor = new FakeExecutor(["module"], () => Promise.resolve(executionOf("success")));
  const { slots, take, kinds } = hands(executor, 1, () => executor.started.length === 0);
  for (const id of ["a", "b"]) take(id);
  await slots.ended();
  same([executor.started, kinds()], [["a#1"], ["report a", "hand_back b"]]);
});

Deno.test("hold() begins nothing, and goOn() as much as there are slots for", async () => {
  const executor = new FakeExecutor(["module"], () => Promise.resolve(executionOf("success")));
  const { slots, take } = hands(executor, 2);
  slots.hold();
  for (const id of ["a", "b", "c"]) take(id);
  await Promise.resolve();
  same([executor.started, slots.waiting], [[], 3]);
  slots.goOn();
  equal(slots.waiting, 1);
  await slots.ended();
  same(executor.started, ["a#1", "b#1", "c#1"]);
});

/** Notes what it was asked to get ready for, and breaks at each of it. */
class Preparing extends FakeExecutor {
  readonly prepared: string[] = [];

  prepare({ task, attempt }: Job): void {
    this.prepared.push(`${task.task_id}#${attempt}`);
    throw new Error("nothing can be prepared here");
  }
}

Deno.test("start() lets the executor get ready for what waits, whatever comes of that", async () => {
  const executor = new Preparing(["module"], () => Promise.resolve(executionOf("success")));
  const { slots, take, kinds } = hands(executor, 1);
  for (const id of ["a", "b"]) take(id);
  same(executor.prepared, ["b#1"]);
  await slots.ended();
  same([executor.started, kinds()], [["a#1", "b#1"], ["report a", "report b"]]);
  slots.hold();
  take("c");
  same(executor.prepared, ["b#1", "c#1"]);
  slots.stop("c", "leaving");
  await slots.ended();
  same([executor.started.length, kinds().at(-1)], [2, "hand_back c"]);
});
