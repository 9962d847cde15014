import { deepStrictEqual as same, ok } from "node:assert/strict";
import fc from "fast-check";
import { shardOf, SHARDS } from "../../lib/protocol/identity.ts";
import { PRIORITIES } from "../../lib/protocol/task.ts";
import { wholeFrom } from "../../lib/scheduling/precedence.ts";
import { type Ranked, ranked } from "../../lib/scheduling/ranking.ts";

const order = (tasks: Ranked[], start = 0) =>
  ranked(tasks, wholeFrom(SHARDS[start])).map(({ task_id }) => task_id);

/** An id that lies so many shards after one. */
function idAt(distance: number, start: number): string {
  const shard = SHARDS[(start + distance) % SHARDS.length];
  for (let number = 0;; number++) if (shardOf(`t${number}`) === shard) return `t${number}`;
}

Deno.test("ranked() puts the more urgent first, whatever their age", () => {
  const tasks = PRIORITIES.toReversed().map((priority, index): Ranked => ({
    task_id: priority,
    priority,
    created_at: `2026-01-0${index + 1}T00:00:00Z`,
  }));
  same(order(tasks), ["critical", "high", "medium", "low"]);
});

Deno.test("ranked() puts the older first among equally urgent, by instants, not by spelling", () => {
  const made = (task_id: string, created_at: string): Ranked => ({
    task_id,
    priority: "low",
    created_at,
  });
  const tasks = [
    made("second", "2026-01-01T01:00:00Z"),
    made("first", "2026-01-01T02:00:00+02:00"),
  ];
  same(order(tasks), ["first", "second"]);
});

for (const created_at of [undefined, "long ago"]) {
  Deno.test(`ranked() puts a task made ${created_at ?? "nobody knows when"} before the others`, () => {
    const known: Ranked = { task_id: "a", priority: "low", created_at: "2026-01-01T00:00:00Z" };
    same(order([known, { task_id: "b", priority: "low", created_at }]), ["b", "a"]);
  });
}

for (const start of [0, 5, 15]) {
  Deno.test(`ranked() begins at shard ${start} among equals, and goes round from there`, () => {
    const ids = SHARDS.map((_, distance) => idAt(distance, start));
    const tasks = ids.toSorted().map((task_id): Ranked => ({ task_id, priority: "medium" }));
    same(order(tasks, start), ids);
  });
}

Deno.test("ranked() takes tasks of one minute by their shards first, and by their age within one", () => {
  const made = (task_id: string, second: number): Ranked => {
    return { task_id, priority: "low", created_at: `2026-01-01T00:00:0${second}Z` };
  };
  const [near, far] = [idAt(0, 3), idAt(1, 3)];
  same(order([made(far, 1), made(near, 2)], 3), [near, far]);
  const twin = Array.from({ length: 99 }, (_, at) => `u${at}`).find((id) =>
    shardOf(id) === shardOf(near)
  )!;
  same(order([made(near, 2), made(twin, 1)], 3), [twin, near]);
});

Deno.test("ranked() puts a node's own shards before the others, among equals", () => {
  const shards = [...SHARDS].reverse();
  const tasks = SHARDS.map((_, at): Ranked => ({ task_id: idAt(at, 0), priority: "medium" }));
  const sorted = ranked(tasks, { shards, own: 2 });
  same(sorted.map(({ task_id }) => shardOf(task_id)), shards);
});

Deno.test("ranked() leaves its argument alone", () => {
  const tasks: Ranked[] = [{ task_id: "b", priority: "low" }, { task_id: "a", priority: "high" }];
  const before = structuredClone(tasks);
  ranked(tasks, wholeFrom("0"));
  same(tasks, before);
});

const tasks = fc.array(fc.record({
  task_id: fc.stringMatching(/^[a-z0-9]{1,4}$/),
  priority: fc.constantFrom(...PRIORITIES),
  created_at: fc.option(
    fc.constantFrom("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", "2026-01-02T00:00:00Z", "?"),
    { nil: undefined },
  ),
}));

Deno.test("ranked() is a permutation that respects urgency, then age in minutes, for any tasks", () => {
  const age = ({ created_at }: Ranked) => Math.floor((Date.parse(created_at ?? "") || 0) / 60_000);
  const urgency = ({ priority }: Ranked) => PRIORITIES.indexOf(priority);
  fc.assert(fc.property(tasks, fc.nat(15), (given, start) => {
    const sorted = ranked(given, wholeFrom(SHARDS[start]));
    same(new Set(sorted), new Set(given));
    same(sorted.length, given.length);
    for (const [index, task] of sorted.slice(1).entries()) {
      const before = sorted[index];
      ok(urgency(before) <= urgency(task));
      if (urgency(before) === urgency(task)) ok(age(before) <= age(task));
    }
  }));
});

Deno.test("ranked() does not depend on the order in which tasks were found", () => {
  const shuffled = tasks.chain((given) =>
    fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length }))
  );
  fc.assert(fc.property(shuffled, ([given, other]) => same(order(given), order(other))));
});
