import { deepStrictEqual as same, equal } from "node:assert/strict";
import type { LiveState } from "../../lib/protocol/live_state.ts";
import type { TaskEvent } from "../../lib/protocol/event.ts";
import { isOver, transition, wasApplied } from "../../lib/protocol/transition.ts";
import { AT, claimedState, finishedState, LATER } from "./example.ts";

const EVEN_LATER = "2026-01-02T03:06:05.000Z";
const RETRY_AT = "2026-01-02T03:07:05.000Z";

const attempt = { attempt: 1, node_id: "n1", claimed_at: AT, ended_at: LATER } as const;
const failed = { ...attempt, outcome: "failed" } as const;
const retrying = claimedState({ status: "retrying", attempts: [failed] });

const STATES: Record<string, LiveState | undefined> = {
  queued: undefined,
  claimed: claimedState(),
  cancelling: claimedState({ status: "cancelling" }),
  retrying,
  finished: finishedState(),
};

const at = EVEN_LATER;
const report = { kind: "report", task_id: "t", at, outcome: "success", retries: 0 } as const;
const owner = { node_id: "n1", attempt: 1, claimed_at: AT, retry_at: RETRY_AT };
const handBack = { kind: "hand_back", task_id: "t", at, attempt: 1, claimed_at: AT } as const;

const expiry = {
  kind: "expire",
  task_id: "t",
  node_id: "n3",
  owner: "n1",
  attempt: 1,
  claimed_at: AT,
  at,
  max_attempts: 3,
} as const;

const EVENTS: Record<string, TaskEvent> = {
  "a claim of the owner": { kind: "claim", task_id: "t", node_id: "n1", at },
  "a claim of another": { kind: "claim", task_id: "t", node_id: "n2", at },
  "a reject": { kind: "reject", task_id: "t", node_id: "n2", at },
  "a report of the owner": { ...report, ...owner },
  "a report of a former owner": { ...report, ...owner, node_id: "n2" },
  "a report of a former attempt": { ...report, ...owner, attempt: 0 },
  "a report of an earlier run": { ...report, ...owner, claimed_at: "2025-01-01T00:00:00.000Z" },
  "a report of an attempt to come": { ...report, ...owner, attempt: 2 },
  "a hand back of the owner": { ...handBack, node_id: "n1" },
  "a hand back of another": { ...handBack, node_id: "n2" },
  "an expiry of the owner's lease": expiry,
  "an expiry of another's lease": { ...expiry, owner: "n2" },
  "an expiry of an earlier run": { ...expiry, claimed_at: "2025-01-01T00:00:00.000Z" },
  "the expiry of the last owner's lease": { ...expiry, max_attempts: 1 },
  "a cancel": { kind: "cancel", task_id: "t", node_id: "alice", at },
};

const notLive = (who = "n1", number = 1) =>
  `not_owner: attempt ${number} of t is no longer ${who}'s: it is not on the live edge`;
const notOwner = (status: string, who = "n1", number = 1) =>
  `not_owner: attempt ${number} of t is no longer ${who}'s: it is ${status}, attempt 1, n1`;
const DONE = "finished: t is finished already";
const CLAIMED = "taken: t is claimed by n1";
const CANCELLING = "taken: t is cancelling by n1";

/** For each event what comes of it: the next status and attempt, or the refusal. */
const TABLE: Record<string, Record<string, string>> = {
  "a claim of the owner": {
    queued: "claimed 1 n1",
    claimed: CLAIMED,
    cancelling: CANCELLING,
    retrying: "claimed 2 n1",
    finished: DONE,
  },
  "a claim of another": {
    queued: "claimed 1 n2",
    claimed: CLAIMED,
    cancelling: CANCELLING,
    retrying: "claimed 2 n2",
    finished: DONE,
  },
  "a reject": {
    queued: "finished 1 n2",
    claimed: CLAIMED,
    cancelling: CANCELLING,
    retrying: "taken: t is retrying by n1",
    finished: DONE,
  },
  "a report of the owner": {
    queued: notLive(),
    claimed: "finished 1 n1",
    cancelling: "finished 1 n1",
    retrying: notOwner("retrying"),
    finished: DONE,
  },
  "a report of an earlier run": {
    queued: notLive(),
    claimed: notOwner("claimed"),
    cancelling: notOwner("cancelling"),
    retrying: notOwner("retrying"),
    finished: DONE,
  },
  "a report of a former owner": {
    queued: notLive("n2"),
    claimed: notOwner("claimed", "n2"),
    cancelling: notOwner("cancelling", "n2"),
    retrying: notOwner("retrying", "n2"),
    finished: DONE,
  },
  "a report of a former attempt": {
    queued: notLive("n1", 0),
    claimed: notOwner("claimed", "n1", 0),
    cancelling: notOwner("cancelling", "n1", 0),
    retrying: notOwner("retrying", "n1", 0),
    finished: DONE,
  },
  "a report of an attempt to come": {
    queued: notLive("n1", 2),
    claimed: notOwner("claimed", "n1", 2),
    cancelling: notOwner("cancelling", "n1", 2),
    retrying: notOwner("retrying", "n1", 2),
    finished: DONE,
  },
  "a hand back of the owner": {
    queued: notLive(),
    claimed: "retrying 1 n1",
    cancelling: "finished 1 n1",
    retrying: notOwner("retrying"),
    finished: DONE,
  },
  "a hand back of another": {
    queued: notLive("n2"),
    claimed: notOwner("claimed", "n2"),
    cancelling: notOwner("cancelling", "n2"),
    retrying: notOwner("retrying", "n2"),
    finished: DONE,
  },
  "an expiry of the owner's lease": {
    queued: notLive(),
    claimed: "retrying 1 n1",
    cancelling: "finished 1 n1",
    retrying: notOwner("retrying"),
    finished: DONE,
  },
  "an expiry of another's lease": {
    queued: notLive("n2"),
    claimed: notOwner("claimed", "n2"),
    cancelling: notOwner("cancelling", "n2"),
    retrying: notOwner("retrying", "n2"),
    finished: DONE,
  },
  "an expiry of an earlier run": {
    queued: notLive(),
    claimed: notOwner("claimed"),
    cancelling: notOwner("cancelling"),
    retrying: notOwner("retrying"),
    finished: DONE,
  },
  "the expiry of the last owner's lease": {
    queued: notLive(),
    claimed: "finished 1 n1",
    cancelling: "finished 1 n1",
    retrying: notOwner("retrying"),
    finished: DONE,
  },
  "a cancel": {
    queued: "finished 1 alice",
    claimed: "cancelling 1 n1",
    cancelling: "cancelling 1 n1",
    retrying: "finished 2 alice",
    finished: DONE,
  },
};

for (const [event, row] of Object.entries(TABLE)) {
  for (const [state, expected] of Object.entries(row)) {
    const refused = expected.includes(":");
    Deno.test(`transition() ${refused ? "refuses" : "accepts"} ${event}, when ${state}`, () => {
      const before = structuredClone(STATES[state]);
      const outcome = transition(STATES[state], EVENTS[event]);
      equal(
        outcome.ok
          ? `${outcome.next.status} ${outcome.next.attempt} ${outcome.next.node_id}`
          : `${outcome.code}: ${outcome.reason}`,
        expected,
      );
      same(STATES[state], before);
    });
  }
}

function next(state: LiveState | undefined, event: TaskEvent): LiveState {
  const outcome = transition(state, event);
  if (!outcome.ok) throw new Error(outcome.reason);
  return outcome.next;
}

Deno.test("transition() makes a whole first entry of a claim", () => {
  const claim = EVENTS["a claim of the owner"];
  same(next(undefined, claim), claimedState({ claimed_at: at }));
});

Deno.test("transition() makes a finished entry with one attempt of a reject", () => {
  same(next(undefined, EVENTS["a reject"]), {
    ...claimedState({ status: "finished", node_id: "n2", claimed_at: at }),
    attempts: [{ attempt: 1, node_id: "n2", claimed_at: at, ended_at: at, outcome: "rejected" }],
  });
});

Deno.test("transition() keeps the attempts and forgets not_before, when a retry is claimed", () => {
  const waiting = { ...retrying, not_before: at };
  same(next(waiting, EVENTS["a claim of another"]), {
    ...claimedState({ attempt: 2, node_id: "n2", claimed_at: at }),
    attempts: [failed],
  });
});

Deno.test("transition() refuses a claim before not_before, and accepts it at that instant", () => {
  const claim = EVENTS["a claim of another"];
  same(transition({ ...retrying, not_before: RETRY_AT }, claim), {
    ok: false,
    code: "too_early",
    reason: `t waits for its retry at ${RETRY_AT}`,
  });
  equal(transition({ ...retrying, not_before: RETRY_AT }, { ...claim, at: RETRY_AT }).ok, true);
});

Deno.test("transition() compares instants, not their spelling", () => {
  const claim = EVENTS["a claim of another"];
  const abroad = "2026-01-02T05:06:05+02:00";
  equal(transition({ ...retrying, not_before: abroad }, claim).ok, true);
});

for (const outcome of ["failed", "timeout"] as const) {
  Deno.test(`transition() lets a task that ended with ${outcome} wait, while retries are left`, () => {
    const event: TaskEvent = { ...report, ...owner, outcome, retries: 1 };
    const ended = { ...attempt, ended_at: at, outcome };
    same(next(claimedState(), event), {
      ...claimedState({ status: "retrying", attempts: [ended] }),
      not_before: RETRY_AT,
    });
    const second = claimedState({ attempt: 2, attempts: [ended] });
    equal(next(second, { ...event, attempt: 2 }).status, "finished");
  });
}

for (const outcome of ["success", "cancelled", "rejected", "lost"] as const) {
  Deno.test(`transition() ends a task with ${outcome}, whatever retries are left`, () => {
    const event: TaskEvent = { ...report, ...owner, outcome, retries: 10 };
    const attempts = [{ ...attempt, ended_at: at, outcome }];
    same(next(claimedState(), event), claimedState({ status: "finished", attempts }));
  });
}

Deno.test("transition() does not count what was handed back as a retry", () => {
  const handedBack = { ...attempt, outcome: "handed_back" } as const;
  const state = claimedState({ attempt: 3, attempts: [handedBack, handedBack] });
  const event: TaskEvent = { ...report, ...owner, attempt: 3, outcome: "failed", retries: 1 };
  equal(next(state, event).status, "retrying");
  const failedOnce = claimedState({ attempt: 3, attempts: [failed, handedBack] });
  equal(next(failedOnce, event).status, "finished");
});

Deno.test("transition() lets a task that was handed back be claimed at once", () => {
  const handedBack = next(
    claimedState({ not_before: RETRY_AT }),
    EVENTS["a hand back of the owner"],
  );
  const attempts = [{ ...attempt, ended_at: at, outcome: "handed_back" as const }];
  same(handedBack, claimedState({ status: "retrying", attempts }));
});

for (const name of Object.keys(EVENTS).filter((name) => /of the owner(?!')|reject/.test(name))) {
  const event = EVENTS[name];
  const before = event.kind === "claim" || event.kind === "reject" ? undefined : claimedState();
  const after = next(before, event);

  Deno.test(`wasApplied() recognises ${name} in what came of it`, () => {
    equal(wasApplied(after, event), true);
  });

  const others: [string, Partial<TaskEvent>][] = [
    ["node", { node_id: "n3" }],
    ["instant", { at: "2026-01-02T03:06:05.001Z" }],
  ];
  for (const [what, changed] of others) {
    Deno.test(`wasApplied() does not take ${name} for that of another ${what}`, () => {
      equal(wasApplied(after, { ...event, ...changed } as TaskEvent), false);
    });
  }
}

Deno.test("wasApplied() does not take a report for one with another outcome", () => {
  const after = next(claimedState(), EVENTS["a report of the owner"]);
  equal(wasApplied(after, { ...report, ...owner, outcome: "failed" }), false);
  equal(wasApplied(after, EVENTS["a hand back of the owner"]), false);
});

Deno.test("wasApplied() finds a report under the attempts that came after it", () => {
  const event: TaskEvent = { ...report, ...owner, outcome: "failed", retries: 1 };
  const claim: TaskEvent = { kind: "claim", task_id: "t", node_id: "n2", at: RETRY_AT };
  equal(wasApplied(next(next(claimedState(), event), claim), event), true);
});

Deno.test("wasApplied() does not take a claim that is over for one that holds", () => {
  const claim: TaskEvent = { kind: "claim", task_id: "t", node_id: "n1", at: AT };
  equal(wasApplied(retrying, claim), false);
});

Deno.test("transition() gives a task up as lost with the last of max_attempts owners, and not before", () => {
  let state = claimedState();
  for (let lost = 1; lost < 3; lost++) {
    state = next(state, { ...expiry, attempt: state.attempt, claimed_at: state.claimed_at });
    equal(state.status, "retrying");
    equal(state.not_before, undefined);
    state = next(state, {
      kind: "claim",
      task_id: "t",
      node_id: "n1",
      at: `2026-01-03T0${lost}:00:00Z`,
    });
  }
  state = next(state, { ...expiry, attempt: state.attempt, claimed_at: state.claimed_at });
  same([state.status, ...state.attempts.map(({ outcome }) => outcome)], [
    "finished",
    "lost",
    "lost",
    "lost",
  ]);
});

Deno.test("transition() counts only lost owners towards max_attempts", () => {
  const others = (["failed", "handed_back", "timeout"] as const).map((outcome, index) => ({
    ...attempt,
    attempt: index + 1,
    outcome,
  }));
  const state = claimedState({ attempt: 4, attempts: others });
  equal(next(state, { ...expiry, attempt: 4, max_attempts: 2 }).status, "retrying");
});

Deno.test("transition() never retries what is being cancelled", () => {
  const state = next(claimedState({ status: "cancelling" }), {
    ...report,
    ...owner,
    outcome: "failed",
    retries: 3,
  });
  same([state.status, state.attempts.at(-1)?.outcome], ["finished", "failed"]);
});

Deno.test("transition() ends what is being cancelled as cancelled, when its owner gives it up or is lost", () => {
  for (const event of ["a hand back of the owner", "an expiry of the owner's lease"]) {
    const state = next(claimedState({ status: "cancelling" }), EVENTS[event]);
    equal(state.attempts.at(-1)?.outcome, "cancelled", event);
  }
});

Deno.test("transition() lets a retry begin that was waited out, whatever the claimant's clock says", () => {
  const waiting = { ...retrying, not_before: RETRY_AT };
  const claim = { kind: "claim", task_id: "t", node_id: "n2", at: AT } as const;
  equal(transition(waiting, claim).ok, false);
  equal(transition(waiting, { ...claim, waited_for: AT }).ok, false);
  equal(next(waiting, { ...claim, waited_for: RETRY_AT }).status, "claimed");
});

Deno.test("wasApplied() knows an expiry by the attempt that it ended, whoever said it", () => {
  const state = next(claimedState(), expiry);
  equal(wasApplied(state, expiry), true);
  equal(wasApplied(state, { ...expiry, node_id: "n9", at: AT }), true);
  equal(wasApplied(state, { ...expiry, claimed_at: LATER }), false);
  equal(wasApplied(claimedState(), expiry), false);
});

Deno.test("wasApplied() knows a cancel, once the task is cancelling or was cancelled by it", () => {
  const cancel = EVENTS["a cancel"];
  equal(wasApplied(next(claimedState(), cancel), cancel), true);
  equal(wasApplied(next(undefined, cancel), cancel), true);
  equal(wasApplied(claimedState(), cancel), false);
  equal(wasApplied(finishedState(), cancel), false);
});

Deno.test("wasApplied() knows a claim that was cancelled before its answer came", () => {
  const claim = EVENTS["a claim of the owner"];
  equal(wasApplied(next(next(undefined, claim), EVENTS["a cancel"]), claim), true);
});

Deno.test("isOver() is so once the attempt has ended, whoever has the task now", () => {
  const own = claimedState();
  const freed = next(own, expiry);
  equal(isOver(own, own), false);
  equal(isOver(freed, own), true);
  equal(isOver(next(freed, EVENTS["a claim of another"]), own), true);
});

Deno.test("isOver() is not so by an older state of the same run", () => {
  const first = claimedState();
  const freed = next(first, expiry);
  const own = next(freed, EVENTS["a claim of another"]);
  equal(isOver(first, own), false);
  equal(isOver(freed, own), false);
});

Deno.test("isOver() is so once the task is in another run, which knows nothing of this one", () => {
  equal(isOver(claimedState({ claimed_at: LATER }), claimedState()), true);
  const ended = next(undefined, { kind: "cancel", task_id: "t", node_id: "alice", at });
  equal(isOver(ended, claimedState()), true);
});
