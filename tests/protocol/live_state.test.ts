import { deepStrictEqual as same, equal, match, throws } from "node:assert/strict";
import {
  decodeLiveState,
  finalStatusOf,
  type Outcome,
  STATUSES,
} from "../../lib/protocol/live_state.ts";
import { encodeRecord } from "../../lib/protocol/record.ts";
import {
  AT,
  bytesOf,
  claimedState,
  complaintOf,
  finishedState,
  LATER,
  valueOf,
} from "./example.ts";

const attempt = { attempt: 1, node_id: "n1", claimed_at: AT, ended_at: LATER } as const;

Deno.test("decodeLiveState() reads what encodeRecord() wrote, in each state", () => {
  const failed = [{ ...attempt, outcome: "failed" as const }];
  const retrying = claimedState({ status: "retrying", not_before: LATER, attempts: failed });
  for (const state of [claimedState(), retrying, finishedState()]) {
    same(valueOf(decodeLiveState(encodeRecord(state))), state);
  }
});

const BAD: [field: string, value: unknown][] = [
  ["version", 2],
  ["task_id", "../t"],
  ["task_id", undefined],
  ["status", "queued"],
  ["attempt", 1.5],
  ["attempt", "1"],
  ["node_id", "n 1"],
  ["claimed_at", 0],
  ["not_before", 0],
  ["attempts", {}],
  ["attempts", [{ ...attempt, outcome: "tired" }]],
  ["attempts", [{ ...attempt, outcome: "lost", node_id: "-" }]],
];

for (const [field, value] of BAD) {
  Deno.test(`decodeLiveState() refuses ${field} ${JSON.stringify(value)}`, () => {
    match(
      complaintOf(decodeLiveState(bytesOf({ ...claimedState(), [field]: value }))),
      new RegExp(`^${field}[.:]`),
    );
  });
}

function endedWith(outcome: Outcome) {
  return finishedState({ attempts: [{ ...attempt, outcome }] });
}

for (const status of STATUSES) {
  Deno.test(`finalStatusOf() is ${status}, when that is how the last attempt ended`, () => {
    equal(finalStatusOf(endedWith(status)), status);
  });
}

Deno.test("finalStatusOf() throws where a task is not finished", () => {
  throws(() => finalStatusOf({ ...finishedState(), status: "retrying" }), {
    message: "reading how t ended: it is retrying, not finished",
  });
  throws(() => finalStatusOf({ ...finishedState(), attempts: [] }), /reading how t ended/);
  throws(() => finalStatusOf(endedWith("handed_back")), /reading how t ended/);
});
