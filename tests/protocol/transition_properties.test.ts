/**
 * What must hold whatever several nodes say, in whatever order. Nodes are not honest here: they
 * report and hand back attempts that never were theirs.
 *
 * @module
 */
import { deepStrictEqual as same, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { decodeLiveState, type LiveState, STATUSES } from "../../lib/protocol/live_state.ts";
import { encodeRecord } from "../../lib/protocol/record.ts";
import type { TaskEvent } from "../../lib/protocol/event.ts";
import { transition, wasApplied } from "../../lib/protocol/transition.ts";
import { valueOf } from "./example.ts";

const nodes = fc.constantFrom("n1", "n2", "n3");
const attempts = fc.integer({ min: 0, max: 5 });

/** Every event happens at an instant of its own; a retry may wait for some of the next. */
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("claim" as const), node_id: nodes }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("reject" as const), node_id: nodes }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("report" as const),
        honest: fc.boolean(),
        node_id: nodes,
        attempt: attempts,
        outcome: fc.constantFrom(...STATUSES),
        retries: fc.integer({ min: 0, max: 3 }),
        wait: fc.integer({ min: 0, max: 3 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("hand_back" as const),
        honest: fc.boolean(),
        node_id: nodes,
        attempt: attempts,
      }),
    },
  ),
  { maxLength: 40, size: "max" },
);

function instant(number: number): string {
  return new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString();
}

interface Step {
  before?: LiveState;
  event: TaskEvent;
  after?: LiveState;
  accepted: boolean;
}

type Story = typeof steps extends fc.Arbitrary<infer T> ? T : never;

/** Who is honest speaks of the attempt that stands there, as its owner. */
function eventOf(step: Story[number], index: number, state?: LiveState): TaskEvent {
  const base = { task_id: "t", at: instant(index) };
  if (step.kind === "claim" || step.kind === "reject") return { ...step, ...base };
  const { honest, ...said } = step;
  const who = honest && state
    ? { node_id: state.node_id, attempt: state.attempt, claimed_at: state.claimed_at }
    : { claimed_at: state?.claimed_at ?? instant(0) };
  return said.kind === "report"
    ? { ...said, ...who, ...base, retry_at: instant(index + said.wait) }
    : { ...said, ...who, ...base };
}

/** Plays a story: a refused event leaves the state as it was. */
function play(story: Story): Step[] {
  const played: Step[] = [];
  let state: LiveState | undefined;
  story.forEach((step, index) => {
    const event = eventOf(step, index, state);
    const before = structuredClone(state);
    const outcome = transition(state, event);
    same(state, before, "the state before is left alone");
    if (outcome.ok) state = outcome.next;
    played.push({ before, event, after: state, accepted: outcome.ok });
  });
  return played;
}

function always(name: string, check: (steps: Step[]) => void): void {
  Deno.test(`transition() ${name}, whatever the nodes say`, () => {
    fc.assert(fc.property(steps, (story) => check(play(story))), { numRuns: 500 });
  });
}

always("makes a node the owner only where there is none", (steps) => {
  for (const { before, event, accepted } of steps) {
    if (event.kind !== "claim" || !accepted) continue;
    ok(before === undefined || before.status === "retrying");
  }
});

always("moves only by claims to a new owner, and only to the one that claims", (steps) => {
  for (const { before, event, after } of steps) {
    if (after === undefined || after.node_id === before?.node_id) continue;
    ok(event.kind === "claim" || event.kind === "reject");
    equal(after.node_id, event.node_id);
  }
});

always("counts attempts up by one with each claim, and never otherwise", (steps) => {
  for (const { before, event, after, accepted } of steps) {
    const begins = accepted && (event.kind === "claim" || event.kind === "reject");
    equal(after?.attempt ?? 0, (before?.attempt ?? 0) + (begins ? 1 : 0));
  }
});

always("accepts a report or a hand back of the current owner and attempt only", (steps) => {
  for (const { before, event, accepted } of steps) {
    if (event.kind !== "report" && event.kind !== "hand_back") continue;
    const owns = before?.status === "claimed" && before.node_id === event.node_id &&
      before.attempt === event.attempt;
    equal(accepted, owns);
  }
});

always("finishes a task at most once, and nothing moves it after that", (steps) => {
  const finishing = steps.filter(({ before, after }) =>
    after?.status === "finished" && before?.status !== "finished"
  );
  ok(finishing.length <= 1);
  for (const { before, after, accepted } of steps) {
    if (before?.status !== "finished") continue;
    equal(accepted, false);
    same(after, before);
  }
});

always("only ever adds to the attempts, and numbers them from 1 on", (steps) => {
  for (const { before, after } of steps) {
    const old = before?.attempts ?? [];
    same((after?.attempts ?? []).slice(0, old.length), old);
  }
  const last = steps.at(-1)?.after?.attempts ?? [];
  same(last.map(({ attempt }) => attempt), last.map((_, index) => index + 1));
});

always("retries no more often than the last report allows", (steps) => {
  for (const { event, after, accepted } of steps) {
    if (event.kind !== "report" || !accepted || after?.status !== "retrying") continue;
    const tries = after.attempts.filter(({ outcome }) => /failed|timeout/.test(outcome));
    ok(tries.length <= event.retries);
    ok(/failed|timeout/.test(event.outcome));
  }
});

always("never lets a retry begin before its time", (steps) => {
  for (const { before, event, accepted } of steps) {
    if (event.kind === "claim" && accepted && before?.not_before) ok(event.at >= before.not_before);
  }
});

always("is recognised by wasApplied(), when and only when it was accepted", (steps) => {
  for (const { event, after, accepted } of steps) {
    equal(after !== undefined && wasApplied(after, event), accepted);
  }
});

always("gives states that decodeLiveState() reads back as they were", (steps) => {
  for (const { after } of steps) {
    if (after !== undefined) same(valueOf(decodeLiveState(encodeRecord(after))), after);
  }
});
