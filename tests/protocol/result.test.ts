import { deepStrictEqual as same, equal, match, throws } from "node:assert/strict";
import { encodeRecord } from "../../lib/protocol/record.ts";
import { buildResult, decodeResult, type Execution, notRun } from "../../lib/protocol/result.ts";
import { checkTask } from "../../lib/protocol/task.ts";
import {
  AT,
  bytesOf,
  claimedState,
  complaintOf,
  finishedState,
  LATER,
  valueOf,
} from "./example.ts";

const task = valueOf(checkTask({ task_id: "t", module: "x", created_at: "2026-01-01T00:00:00Z" }));
const execution: Execution = {
  status: "success",
  exit_code: 0,
  stdout: "out",
  stderr: "err",
  stdout_truncated: true,
  stderr_truncated: false,
  output: { pi: 3 },
  started_at: "2026-01-02T03:04:06.000Z",
  duration_ms: 12.5,
  image: "busybox",
  reason: "because",
};

Deno.test("buildResult() has every field of the contract, and the task", () => {
  const state = finishedState();
  same(buildResult(state, execution, task), {
    task_id: "t",
    node_id: "n1",
    attempt: 1,
    status: "success",
    exit_code: 0,
    stdout: "out",
    stderr: "err",
    stdout_truncated: true,
    stderr_truncated: false,
    output: { pi: 3 },
    created_at: "2026-01-01T00:00:00Z",
    claimed_at: AT,
    started_at: "2026-01-02T03:04:06.000Z",
    timestamp: LATER,
    duration_ms: 12.5,
    image: "busybox",
    attempts: state.attempts,
    reason: "because",
    task,
  });
});

Deno.test("buildResult() tells of the last attempt, whoever made the earlier ones", () => {
  const first = { attempt: 1, node_id: "n1", claimed_at: AT, ended_at: AT } as const;
  const last = { attempt: 2, node_id: "n2", claimed_at: LATER, ended_at: LATER } as const;
  const attempts = [
    { ...first, outcome: "failed" as const },
    { ...last, outcome: "timeout" as const },
  ];
  const result = buildResult(
    finishedState({ attempt: 2, node_id: "n2", attempts }),
    execution,
    task,
  );
  same([result.node_id, result.attempt, result.status, result.claimed_at, result.timestamp], [
    "n2",
    2,
    "timeout",
    LATER,
    LATER,
  ]);
  same(result.attempts, attempts);
});

Deno.test("buildResult() refuses a task that is not finished", () => {
  const attempts = [{ ...finishedState().attempts[0], outcome: "failed" as const }];
  throws(() => buildResult(claimedState({ status: "retrying", attempts }), execution, task), {
    message: "reading how t ended: it is retrying, not finished",
  });
});

Deno.test("buildResult() of what never ran has null where nothing is", () => {
  const result = buildResult(finishedState(), notRun("rejected", "it is no task"), undefined);
  same(
    [result.exit_code, result.started_at, result.created_at, result.image, result.task],
    [null, null, null, null, null],
  );
  same([result.stdout, result.stderr, result.reason], ["", "", "it is no task"]);
  same([result.stdout_truncated, result.stderr_truncated, result.duration_ms], [false, false, 0]);
});

Deno.test("decodeResult() reads what encodeRecord() wrote", () => {
  const result = buildResult(finishedState(), execution, task);
  same(valueOf(decodeResult(encodeRecord(result))), result);
});

Deno.test("decodeResult() reads a result without output, reason and task", () => {
  const { output: _o, reason: _r, task: _t, ...rest } = buildResult(
    finishedState(),
    execution,
    task,
  );
  same(valueOf(decodeResult(encodeRecord(rest))), rest);
});

Deno.test("a result tells the output null from no output", () => {
  const written = (output?: null) =>
    valueOf(
      decodeResult(encodeRecord(buildResult(finishedState(), { ...execution, output }, task))),
    );
  equal(written(null).output, null);
  equal("output" in written(), false);
});

const BAD: [field: string, value: unknown][] = [
  ["task_id", undefined],
  ["status", "handed_back"],
  ["exit_code", "0"],
  ["exit_code", undefined],
  ["stdout", null],
  ["stdout_truncated", 0],
  ["attempts", [{}]],
  ["duration_ms", "1"],
  ["started_at", undefined],
  ["reason", null],
];

for (const [field, value] of BAD) {
  Deno.test(`decodeResult() refuses ${field} ${JSON.stringify(value)}`, () => {
    const result = { ...buildResult(finishedState(), execution, task), [field]: value };
    match(complaintOf(decodeResult(bytesOf(result))), new RegExp(`^${field}[.:]`));
  });
}
