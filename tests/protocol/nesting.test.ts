import { deepStrictEqual as same, equal, match, ok } from "node:assert/strict";
import { isDeeperThan, MAX_DEPTH } from "../../lib/protocol/nesting.ts";
import { shown } from "../../lib/protocol/problem.ts";
import { decodeJson, encodeRecord } from "../../lib/protocol/record.ts";
import { buildResult, decodeResult, type Execution } from "../../lib/protocol/result.ts";
import { checkTask, decodeTask, MAX_TASK_BYTES } from "../../lib/protocol/task.ts";
import { bytesOf, complaintOf, finishedState, nested, valueOf } from "./example.ts";

const TOO_DEEP = "must be nested at most 64 levels deep, counted from the task";
const taskWith = (input: unknown) => ({ task_id: "t", module: "x", input });
/** More than any stack can follow. */
const ABYSS = 200_000;
/** In so many lists. The `toJSON` takes V8 off the fast path of JSON.stringify, which has no stack. */
const abyss = (depth: number) => `${"[".repeat(depth)}{"toJSON":1}${"]".repeat(depth)}`;

Deno.test("isDeeperThan() counts lists and objects in each other", () => {
  const values = [null, "[[]]", [], {}, [[]], { a: 1, b: [{}] }];
  const depthOf = (value: unknown) => [0, 1, 2, 3].find((level) => !isDeeperThan(value, level));
  same(values.map(depthOf), [0, 0, 1, 1, 2, 3]);
});

Deno.test("decodeTask() takes 64 levels, the task's own among them, and no more", () => {
  ok(decodeTask(bytesOf(taskWith(nested(MAX_DEPTH - 1)))).ok);
  const complaint = complaintOf(decodeTask(bytesOf(taskWith(nested(MAX_DEPTH)))));
  equal(complaint, `input: ${"[".repeat(57)}...: ${TOO_DEEP}`);
});

for (const field of ["input", "signature"]) {
  Deno.test(`decodeTask() refuses a ${field} of any depth by name, and never throws`, () => {
    const text = `{"task_id":"t","script":"x","${field}":{"a":${abyss(ABYSS)}}}`;
    const complaint = complaintOf(decodeTask(bytesOf(text)));
    match(complaint, new RegExp(`^${field}: \\{"a":\\[{52}\\.\\.\\.: ${TOO_DEEP}$`));
  });
}

Deno.test("checkTask() shows a deep value in any field, and never throws", () => {
  const deep = valueOf(decodeJson(bytesOf(abyss(ABYSS))));
  for (const field of ["script", "labels", "resources", "retries", "task_id", "colour"]) {
    const complaint = complaintOf(checkTask({ task_id: "t", script: "x", [field]: deep }));
    ok(complaint.startsWith(`${field}: ${"[".repeat(57)}...: `), complaint.slice(0, 200));
  }
  equal(complaintOf(checkTask(deep)), "must be an object");
});

Deno.test("shown() shows the beginning of what is too deep or too long to write", () => {
  const begun = (value: unknown) => shown(value).replace(/\.\.\.$/, "");
  for (
    const value of [
      { a: ["x".repeat(100), 1] },
      { ["k".repeat(100)]: 1 },
      Array(100).fill({}),
      ["a\n".repeat(40)],
    ]
  ) {
    equal(shown(value).length, 60);
    ok(JSON.stringify(value).startsWith(begun(value)), shown(value));
  }
  const whole = { a: [1, undefined, "é"], b: undefined, c: {}, d: [] };
  equal(shown(whole), JSON.stringify(whole));
});

const execution: Execution = {
  status: "success",
  exit_code: 0,
  stdout: "",
  stderr: "",
  stdout_truncated: false,
  stderr_truncated: false,
  duration_ms: 1,
};

Deno.test("decodeResult() refuses an output or a task that is too deep", () => {
  const result = buildResult(finishedState(), execution, undefined);
  for (const field of ["output", "task"]) {
    const begin = JSON.stringify({ ...result, task: undefined }).slice(0, -1);
    const deep = (depth: number) => `${begin},"${field}":${abyss(depth - 1)}}`;
    ok(decodeResult(bytesOf(deep(MAX_DEPTH))).ok);
    const complaint = complaintOf(decodeResult(bytesOf(deep(ABYSS))));
    match(
      complaint,
      new RegExp(`^${field}: \\[+\\.\\.\\.: must be nested at most 64 levels deep$`),
    );
  }
});

Deno.test("a result's file is at most five times as large as its task and output", () => {
  // The worst there is: each item has two bytes, and lies as deep as it may.
  const items = Array((MAX_TASK_BYTES - 1_000) / 2).fill(0);
  for (const depth of [0, 1, 2, 3, MAX_DEPTH - 2]) {
    const input = nested(depth, items);
    const task = valueOf(decodeTask(bytesOf(taskWith(input))));
    const bytes = encodeRecord(
      buildResult(finishedState(), { ...execution, output: nested(depth, items) }, task),
    );
    ok(bytes.length < 2 * 5 * MAX_TASK_BYTES, `${bytes.length} bytes at depth ${depth}`);
    ok(decodeResult(bytes).ok);
  }
});
