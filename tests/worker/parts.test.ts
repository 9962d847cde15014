/**
 * The small parts of a worker that know neither ledger nor executor.
 *
 * @module
 */
import { deepStrictEqual as same, equal, rejects } from "node:assert/strict";
import { Bell } from "../../lib/worker/bell.ts";
import { Gathering } from "../../lib/worker/gathering.ts";
import { Rhythm } from "../../lib/worker/rhythm.ts";
import { Turnstile } from "../../lib/worker/turnstile.ts";
import { VirtualClock } from "../support/memory_grid.ts";
import { never } from "./made.ts";

/** Lets everything go on that waits for nothing. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("Turnstile lets so many through at a time, in the order in which they came", async () => {
  const turns = new Turnstile(2);
  const through: string[] = [];
  for (const name of ["a", "b", "c", "d"]) {
    void turns.enter(never).then(() => through.push(name));
  }
  await settled();
  same([through, turns.waiting, turns.isFree], [["a", "b"], 2, false]);
  turns.leave();
  await settled();
  same([through, turns.waiting], [["a", "b", "c"], 1]);
  for (let count = 0; count < 3; count++) turns.leave();
  await settled();
  same([through.at(-1), turns.waiting, turns.isFree], ["d", 0, true]);
});

Deno.test("Turnstile that is shut lets nobody through, and all who fit when it is opened", async () => {
  const turns = new Turnstile(2);
  turns.shut();
  const through: string[] = [];
  for (const name of ["a", "b", "c"]) void turns.enter(never).then(() => through.push(name));
  await settled();
  same([through, turns.waiting, turns.isFree], [[], 3, false]);
  turns.open();
  await settled();
  same([through, turns.waiting], [["a", "b"], 1]);
});

Deno.test("enter() throws the signal's reason, and gives its place in the line to nobody", async () => {
  const turns = new Turnstile(1);
  await turns.enter(never);
  const stop = new AbortController();
  const waiting = turns.enter(stop.signal);
  stop.abort(new Error("enough"));
  await rejects(waiting, /enough/);
  equal(turns.waiting, 0);
  await rejects(turns.enter(stop.signal), /enough/);
  turns.leave();
  await turns.enter(never);
});

Deno.test("a signal that fires after its turn has come takes no place from anybody", async () => {
  const turns = new Turnstile(1);
  const stop = new AbortController();
  await turns.enter(stop.signal);
  stop.abort();
  turns.leave();
  equal(turns.isFree, true);
});

Deno.test("Rhythm is what was first measured, and follows what comes after by a fifth", () => {
  const rhythm = new Rhythm();
  same([rhythm.taskMs, rhythm.tickMs], [undefined, 0]);
  rhythm.noteTask(100);
  rhythm.noteTick(50);
  same([rhythm.taskMs, rhythm.tickMs], [100, 50]);
  rhythm.noteTask(200);
  rhythm.noteTick(0);
  same([rhythm.taskMs, rhythm.tickMs], [120, 40]);
});

/** How long a wait was. */
async function lengthOf(clock: VirtualClock, wait: () => Promise<void>): Promise<number> {
  const beganMs = clock.elapsedMs();
  await wait();
  return clock.elapsedMs() - beganMs;
}

Deno.test("wait() ends after its time, or at once when the bell was rung before", async () => {
  const [bell, clock] = [new Bell(), new VirtualClock()];
  equal(await lengthOf(clock, () => bell.wait(clock, 500)), 500);
  bell.ring();
  equal(await lengthOf(clock, () => bell.wait(clock, 500)), 0);
  equal(await lengthOf(clock, () => bell.wait(clock, 500)), 500);
});

Deno.test("ringBy() ends the wait at the earliest moment that was named, whenever it was", async () => {
  const [bell, clock] = [new Bell(), new VirtualClock()];
  bell.ringBy(300);
  const waiting = lengthOf(clock, () => bell.wait(clock, 500));
  bell.ringBy(200);
  bell.ringBy(400);
  equal(await waiting, 200);
  equal(await lengthOf(clock, () => bell.wait(clock, 500)), 500);
});

Deno.test("ringBy() makes no wait longer, and ends one at once when the moment is past", async () => {
  const [bell, clock] = [new Bell(), new VirtualClock()];
  bell.ringBy(900);
  equal(await lengthOf(clock, () => bell.wait(clock, 500)), 500);
  bell.ringBy(100);
  equal(await lengthOf(clock, () => bell.wait(clock, 500)), 0);
});

Deno.test("Gathering lets what is ready wait for more, while the slots have something to run", () => {
  const clock = new VirtualClock();
  const slots = { waiting: 1 };
  const rhythm = new Rhythm();
  const gathering = new Gathering({ clock, rhythm, slots });
  equal(gathering.inMs, Infinity);
  gathering.note();
  clock.advance(200);
  gathering.note();
  equal(gathering.inMs, 300);
  rhythm.noteTick(100);
  equal(gathering.inMs, 800);
  clock.advance(5_000);
  equal(gathering.inMs, 0);
  gathering.clear();
  equal(gathering.inMs, Infinity);
});

Deno.test("Gathering keeps nothing back, when the slots have nothing more to run", () => {
  const gathering = new Gathering({
    clock: new VirtualClock(),
    rhythm: new Rhythm(),
    slots: { waiting: 0 },
  });
  gathering.note();
  equal(gathering.inMs, 0);
});
