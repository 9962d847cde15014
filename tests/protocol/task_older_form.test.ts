import { deepStrictEqual as same, equal } from "node:assert/strict";
import { checkTask, decodeTask, isOlderForm } from "../../lib/protocol/task.ts";
import { bytesOf, complaintOf, valueOf } from "./example.ts";

Deno.test("decodeTask() reads a task of the first version", () => {
  const older = {
    id: "my-task-001",
    image: "busybox",
    command: "echo ciao",
    created_at: "2025-01-01T00:00:00Z",
    timeout: 60,
    submitted_by: "me@example.com",
  };
  same(valueOf(decodeTask(bytesOf(older))), {
    task_id: "my-task-001",
    script: "echo ciao",
    image: "busybox",
    timeout_seconds: 60,
    priority: "medium",
    retries: 0,
    resources: { cpus: 1, memory_mb: 256, pids: 64 },
    labels: {},
    created_at: "2025-01-01T00:00:00Z",
    submitted_by: "me@example.com",
  });
});

const BAD: [value: Record<string, unknown>, complaint: string][] = [
  [{ id: "a" }, "must have either script or module, and has neither"],
  [{ command: "x" }, "task_id: required: must be a string"],
  [{ id: "a", command: "x", timeout: 0 }, "timeout_seconds: 0: must be an integer from 1 to 86400"],
  [{ id: "a", command: "x", timeout: 5, timeout_seconds: 6 }, "timeout: 5: unknown field"],
  [{ id: "a", command: "x", constructor: 1 }, "constructor: 1: unknown field"],
  [{ task_id: "a", script: "x", id: "b" }, 'id: "b": unknown field'],
  [{ task_id: "a", script: "x", timeout: 5 }, "timeout: 5: unknown field"],
];

for (const [value, complaint] of BAD) {
  Deno.test(`checkTask() refuses ${JSON.stringify(value)}: ${complaint}`, () => {
    equal(complaintOf(checkTask(value)), complaint);
  });
}

const FORMS: [value: unknown, older: boolean][] = [
  [{ id: "a" }, true],
  [{ command: "x" }, true],
  [{ id: "a", task_id: "b" }, false],
  [{ id: "a", script: "x" }, false],
  [{ id: "a", module: "x" }, false],
  [{ timeout: 5 }, false],
  [{}, false],
  [["id"], false],
  [Object.create({ id: "a" }), false],
  [null, false],
  ["id", false],
];

for (const [value, older] of FORMS) {
  Deno.test(`isOlderForm() is ${older} for ${JSON.stringify(value)}`, () => {
    equal(isOlderForm(value), older);
  });
}
