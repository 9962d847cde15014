import { deepStrictEqual as same, equal, match } from "node:assert/strict";
import { checkTask, decodeTask } from "../../lib/protocol/task.ts";
import { bytesOf, complaintOf } from "./example.ts";

const ID = "must be 1 to 64 of A-Z a-z 0-9 - _ . , not starting with . or -, " +
  "not ending with . or .lock, without ..";
const IMAGE = "must be the name of a container image";
const TIMEOUT = "must be an integer from 1 to 86400";
const CPUS = "must be a number from 0.01 to 1024";
const PRIORITY = "must be one of critical, high, medium, low";

/** Each is laid over a valid task; the complaint is exact: field, value, rule. */
const BAD_FIELDS: [changed: Record<string, unknown>, complaint: string][] = [
  [{ task_id: undefined }, "task_id: required: must be a string"],
  [{ task_id: 7 }, "task_id: 7: must be a string"],
  [{ task_id: "../x" }, `task_id: "../x": ${ID}`],
  [{ task_id: "x".repeat(65) }, `task_id: "${"x".repeat(56)}...: ${ID}`],
  [{ script: undefined }, "must have either script or module, and has neither"],
  [{ module: "y" }, "must have either script or module, and has both"],
  [{ script: "" }, 'script: "": must not be empty'],
  [{ script: ["x"] }, 'script: ["x"]: must be shell text'],
  [{ script: undefined, module: 1 }, "module: 1: must be the text of an ES module"],
  [{ script: undefined, module: "" }, 'module: "": must not be empty'],
  [{ image: "" }, `image: "": ${IMAGE}`],
  [{ image: "--privileged" }, `image: "--privileged": ${IMAGE}`],
  [{ image: "a b" }, `image: "a b": ${IMAGE}`],
  [{ image: "a\n" }, `image: "a\\n": ${IMAGE}`],
  [{ image: {} }, "image: {}: must be the name of a container image"],
  [{ timeout_seconds: 0 }, `timeout_seconds: 0: ${TIMEOUT}`],
  [{ timeout_seconds: 86_401 }, `timeout_seconds: 86401: ${TIMEOUT}`],
  [{ timeout_seconds: 1.5 }, `timeout_seconds: 1.5: ${TIMEOUT}`],
  [{ timeout_seconds: "60" }, `timeout_seconds: "60": ${TIMEOUT}`],
  [{ timeout_seconds: null }, `timeout_seconds: null: ${TIMEOUT}`],
  [{ priority: "urgent" }, `priority: "urgent": ${PRIORITY}`],
  [{ priority: "High" }, `priority: "High": ${PRIORITY}`],
  [{ retries: -1 }, "retries: -1: must be an integer from 0 to 10"],
  [{ retries: 11 }, "retries: 11: must be an integer from 0 to 10"],
  [{ resources: [] }, "resources: []: must be an object"],
  [{ resources: { cpus: 0 } }, `resources.cpus: 0: ${CPUS}`],
  [{ resources: { cpus: 1025 } }, `resources.cpus: 1025: ${CPUS}`],
  [{ resources: { cpus: "2" } }, `resources.cpus: "2": ${CPUS}`],
  [
    { resources: { memory_mb: 15 } },
    "resources.memory_mb: 15: must be an integer from 16 to 1048576",
  ],
  [{ resources: { pids: 0 } }, "resources.pids: 0: must be an integer from 1 to 4194304"],
  [{ resources: { disk: 1 } }, "resources.disk: 1: unknown field"],
  [{ labels: [] }, "labels: []: must be an object of strings"],
  [{ labels: { gpu: 1 } }, "labels.gpu: 1: must be a string"],
  [{ submitted_by: 1 }, "submitted_by: 1: must be a string"],
  [
    { submitted_by: "x".repeat(257) },
    `submitted_by: "${"x".repeat(56)}...: must have at most 256 characters`,
  ],
  [{ not_before: 0 }, "not_before: 0: must be an RFC 3339 instant"],
  [{ signature: "x" }, 'signature: "x": must be an object'],
  [{ colour: "red" }, 'colour: "red": unknown field'],
  [{ command: "x" }, 'command: "x": unknown field'],
  [{ constructor: 1 }, "constructor: 1: unknown field"],
];

for (const [changed, complaint] of BAD_FIELDS) {
  Deno.test(`checkTask() refuses ${JSON.stringify(changed).slice(0, 60)}: ${complaint}`, () => {
    equal(complaintOf(checkTask({ task_id: "t", script: "x", ...changed })), complaint);
  });
}

Deno.test("checkTask() names every problem at once", () => {
  equal(
    complaintOf(checkTask({ task_id: "-", timeout_seconds: 0, colour: 1 })),
    `task_id: "-": ${ID}; timeout_seconds: 0: ${TIMEOUT}; colour: 1: unknown field; ` +
      "must have either script or module, and has neither",
  );
});

for (const value of [null, [], "text", 1, true]) {
  Deno.test(`checkTask() refuses ${JSON.stringify(value)}: must be an object`, () => {
    equal(complaintOf(checkTask(value)), "must be an object");
  });
}

for (const text of ["", "{", "nonsense", '{"task_id":"t",}', "{} {}"]) {
  Deno.test(`decodeTask() refuses ${JSON.stringify(text)}: it is no JSON`, () => {
    match(complaintOf(decodeTask(bytesOf(text))), /^must be JSON \(.+\)$/);
  });
}

Deno.test("decodeTask() refuses invalid UTF-8 instead of repairing it", () => {
  const bytes = bytesOf({ task_id: "t", script: "?" }).with(-3, 0xff);
  equal(complaintOf(decodeTask(bytes)), "must be valid UTF-8");
});

Deno.test("decodeTask() takes __proto__ for a field like any other", () => {
  const text = '{"task_id":"t","script":"x","__proto__":{"priority":"high"}}';
  equal(complaintOf(decodeTask(bytesOf(text))), '__proto__: {"priority":"high"}: unknown field');
  same(Object.keys(Object.prototype), []);
});

Deno.test("decodeTask() does not find a required field in __proto__", () => {
  const text = '{"__proto__":{"task_id":"t"},"script":"x"}';
  match(complaintOf(decodeTask(bytesOf(text))), /^task_id: required: must be a string; __proto__/);
});
