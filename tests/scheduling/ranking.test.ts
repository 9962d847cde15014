import { deepStrictEqual as same, ok } from "node:assert/strict";
import fc from "fast-check";
import { shardOf, SHARDS } from "../../lib/protocol/identity.ts";
import { PRIORITIES } from "../../lib/protocol/task.ts";
import { type Ranked, ranked } from "../../lib/scheduling/ranking.ts";

const order = (tasks: Ranked[], node = "n1") => ranked(tasks, node).map(({ task_id }) => task_id);

/** An id that lies so many shards after a node's own. */
function idAt(distance: number, node: string): string {
  const shard = SHARDS[(SHARDS.indexOf(shardOf(node)) + distance) % SHARDS.length];
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

for (const node of ["n1", "n2", "worker-1"]) {
  Deno.test(`ranked() begins at the shard of ${node} among equals, and goes round from there`, () => {
    const ids = SHARDS.map((_, distance) => idAt(distance, node));
    const tasks = ids.toSorted().map((task_id): Ranked => ({ task_id, priority: "medium" }));
    same(order(tasks, node), ids);
  });
}

Deno.test("ranked() leaves its argument alone", () => {
  const tasks: Ranked[] = [{ task_id: "b", priority: "low" }, { task_id: "a", priority: "high" }];
  const before = structuredClone(tasks);
  ranked(tasks, "n1");
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

Deno.test("ranked() is a permutation that respects urgency, then age, for any tasks", () => {
  const age = ({ created_at }: Ranked) => Date.parse(created_at ?? "") || 0;
  const urgency = ({ priority }: Ranked) => PRIORITIES.indexOf(priority);
  fc.assert(fc.property(tasks, fc.string(), (given, node) => {
    const sorted = ranked(given, node);
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
