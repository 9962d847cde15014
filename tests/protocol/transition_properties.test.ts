/**
 * What must hold whatever several nodes say, in whatever order. Nodes are not honest here: they
 * report, hand back and end attempts that never were theirs.
 *
 * @module
 */
import { deepStrictEqual as same, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import type { TaskEvent } from "../../lib/protocol/event.ts";
import {
  type Attempt,
  decodeLiveState,
  type LiveState,
  STATUSES,
} from "../../lib/protocol/live_state.ts";
import { encodeRecord } from "../../lib/protocol/record.ts";
import { isHeld, isOver, transition, wasApplied } from "../../lib/protocol/transition.ts";
import { valueOf } from "./example.ts";

const nodes = fc.constantFrom("n1", "n2", "n3");
const attempts = fc.integer({ min: 0, max: 5 });
const one = <T extends string>(kind: T) => fc.constant(kind);

/** What names an attempt: the one that stands there, one like it of an earlier run, or any other. */
const named = {
  which: fc.constantFrom("this", "this", "an earlier", "any"),
  node_id: nodes,
  attempt: attempts,
};

/** Every event happens at an instant of its own; a retry may wait for some of the next. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: one("claim"),
        node_id: nodes,
        hasWaitedFor: fc.constantFrom("nothing", "this", "another"),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: one("reject"), node_id: nodes }) },
    { weight: 1, arbitrary: fc.record({ kind: one("cancel"), node_id: nodes }) },
    {
      weight: 4,
      arbitrary: fc.record({
        ...named,
        kind: one("report"),
        outcome: fc.constantFrom(...STATUSES),
        retries: fc.integer({ min: 0, max: 3 }),
        wait: fc.integer({ min: 0, max: 3 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ ...named, kind: one("hand_back") }) },
    {
      weight: 3,
      arbitrary: fc.record({
        ...named,
        kind: one("expire"),
        observer: nodes,
        max_attempts: fc.integer({ min: 1, max: 4 }),
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

function eventOf(step: Story[number], index: number, state?: LiveState): TaskEvent {
  const base = { task_id: "t", at: instant(index) };
  if (step.kind === "reject" || step.kind === "cancel") return { ...step, ...base };
  if (step.kind === "claim") {
    const { hasWaitedFor, ...said } = step;
    const waited_for = hasWaitedFor === "this" ? state?.not_before : instant(-1);
    return { ...said, ...base, ...hasWaitedFor === "nothing" ? {} : { waited_for } };
  }
  const { which, ...said } = step;
  const owned = state && { node_id: state.node_id, attempt: state.attempt };
  const claimed_at = which === "an earlier" ? instant(-1) : state?.claimed_at ?? instant(0);
  const who = { ...which === "any" ? {} : owned, claimed_at };
  if (said.kind === "report") {
    return { ...said, ...who, ...base, retry_at: instant(index + said.wait) };
  }
  if (said.kind === "hand_back") return { ...said, ...who, ...base };
  const { node_id: owner, observer, ...expired } = { ...said, ...who };
  return { ...expired, owner, node_id: observer, ...base };
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

/** Whether an event can only be said of an attempt that stands there. */
function isOfOwner(event: TaskEvent): event is Extract<TaskEvent, { attempt: number }> {
  return event.kind === "report" || event.kind === "hand_back" || event.kind === "expire";
}

/** Whether an accepted event begins an attempt: by a claim, or in order to end what nobody had. */
function begins({ before, event }: Step): boolean {
  if (event.kind === "cancel") return before === undefined || before.status === "retrying";
  return event.kind === "claim" || event.kind === "reject";
}

function lostIn(attempts: Attempt[] = []): number {
  return attempts.filter(({ outcome }) => outcome === "lost").length;
}

Deno.test("the stories come to all ends, and to all states on the way", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(steps, (story) => {
      for (const { after, event, accepted } of play(story)) {
        if (accepted) seen.add(event.kind);
        if (after !== undefined) seen.add(after.status);
        for (const { outcome } of after?.attempts ?? []) seen.add(outcome);
      }
    }),
    { numRuns: 500, seed: 1 },
  );
  const events = ["claim", "report", "hand_back", "expire", "cancel", "reject"];
  const states = ["claimed", "retrying", "cancelling", "finished"];
  same([...seen].sort(), [...events, ...states, ...STATUSES, "handed_back"].sort());
});

always("makes a node the owner only where there is none", (steps) => {
  for (const { before, event, accepted } of steps) {
    if (event.kind !== "claim" || !accepted) continue;
    ok(before === undefined || before.status === "retrying");
  }
});

always("moves only to who claims it, or ends what nobody had", (steps) => {
  for (const step of steps) {
    const { before, event, after } = step;
    if (after === undefined || after.node_id === before?.node_id) continue;
    ok(begins(step));
    equal(after.node_id, event.node_id);
  }
});

always("counts attempts up by one where one begins, and never otherwise", (steps) => {
  for (const step of steps) {
    const { before, after, accepted } = step;
    equal(after?.attempt ?? 0, (before?.attempt ?? 0) + (accepted && begins(step) ? 1 : 0));
  }
});

always("accepts the end of the current owner's attempt only", (steps) => {
  for (const { before, event, accepted } of steps) {
    if (!isOfOwner(event)) continue;
    const owner = event.kind === "expire" ? event.owner : event.node_id;
    const owns = before !== undefined && isHeld(before) && before.node_id === owner &&
      before.attempt === event.attempt && before.claimed_at === event.claimed_at;
    equal(accepted, owns);
  }
});

always("refuses whatever is said of an attempt that is over", (steps) => {
  for (const [index, { after }] of steps.entries()) {
    for (const { node_id, attempt, claimed_at } of after?.attempts ?? []) {
      const past = { task_id: "t", attempt, claimed_at, at: instant(index) };
      const own = {
        ...after!,
        attempt,
        claimed_at,
        attempts: after!.attempts.slice(0, attempt - 1),
      };
      ok(isOver(after!, own));
      const retry = { retries: 3, retry_at: past.at, outcome: "failed" } as const;
      const sayings: TaskEvent[] = [
        { kind: "report", ...past, node_id, ...retry },
        { kind: "hand_back", ...past, node_id },
        { kind: "expire", ...past, owner: node_id, node_id: "n3", max_attempts: 9 },
      ];
      for (const event of sayings) equal(transition(after, event).ok, false, event.kind);
    }
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

always("gives a task up as lost exactly when as many owners were lost as may be", (steps) => {
  for (const { before, event, after, accepted } of steps) {
    const isGone = lostIn(after?.attempts) > lostIn(before?.attempts);
    const isSaidToBeLost = event.kind === "report" && event.outcome === "lost";
    if (!accepted || !isGone || isSaidToBeLost) continue;
    ok(event.kind === "expire");
    equal(after!.status === "finished", lostIn(after!.attempts) >= event.max_attempts);
  }
});

always("leaves a task that is to be cancelled no way but to its end", (steps) => {
  for (const { before, event, after, accepted } of steps) {
    if (event.kind === "cancel") equal(accepted, before?.status !== "finished");
    if (before?.status !== "cancelling") continue;
    ok(after!.status === "finished" || after!.status === "cancelling");
    if (after!.status === "finished" && event.kind !== "report") {
      equal(after!.attempts.at(-1)!.outcome, "cancelled");
    }
  }
});

always(
  "never lets a retry begin before its time, unless its node has waited that long",
  (steps) => {
    for (const { before, event, accepted } of steps) {
      if (event.kind !== "claim" || !accepted || before?.not_before === undefined) continue;
      ok(event.at >= before.not_before || event.waited_for === before.not_before);
    }
  },
);

always("keeps the time of a retry only as long as it waits", (steps) => {
  for (const { after } of steps) {
    if (after?.not_before !== undefined) equal(after.status, "retrying");
  }
});

/** Ends as `cancelled`, which the owner could have said as well. */
function endsCancelled({ before, event }: Step): boolean {
  return event.kind === "expire" && before?.status === "cancelling";
}

always("is recognised by wasApplied() when it was accepted", (steps) => {
  for (const step of steps) {
    if (step.accepted && !endsCancelled(step)) ok(wasApplied(step.after!, step.event));
  }
});

always(
  "is not recognised by wasApplied() when it was refused, but for what was said before",
  (steps) => {
    for (const { event, after, accepted } of steps) {
      if (accepted || after === undefined || !wasApplied(after, event)) continue;
      // Who finds an owner lost that somebody else has found lost already, is right.
      ok(event.kind === "expire");
      const past = after.attempts.find(({ attempt }) => attempt === event.attempt);
      same([past?.claimed_at, past?.node_id], [event.claimed_at, event.owner]);
      ok(past!.outcome === "lost" || past!.outcome === "cancelled");
    }
  },
);

always("never takes effect a second time, however late it is said again", (steps) => {
  steps.forEach(({ event, accepted }, index) => {
    // A claim that was taken away since may be made again; it is a new attempt then.
    if (!accepted || event.kind === "claim") return;
    for (const { after } of steps.slice(index)) {
      ok(wasApplied(after!, event) || !transition(after, event).ok, event.kind);
    }
  });
});

always("gives states that decodeLiveState() reads back as they were", (steps) => {
  for (const { after } of steps) {
    if (after !== undefined) same(valueOf(decodeLiveState(encodeRecord(after))), after);
  }
});
