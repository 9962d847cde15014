import { deepStrictEqual as same, equal } from "node:assert/strict";
import { checkTask, decodeTask, MAX_TASK_BYTES } from "../../lib/protocol/task.ts";
import { bytesOf, complaintOf, valueOf } from "./example.ts";

const whole = {
  task_id: "t1",
  module: "export default (input) => input",
  input: { a: [1, null, "x", { b: true }] },
  image: "registry.example.com:5000/team/app@sha256:0123",
  timeout_seconds: 86_400,
  priority: "critical",
  retries: 10,
  resources: { cpus: 0.5, memory_mb: 16, pids: 1 },
  labels: { gpu: "a100", "": "" },
  not_before: "2026-01-02T03:04:05+02:00",
  created_at: "2026-01-02T03:04:05.678Z",
  submitted_by: "me@example.com",
  signature: { kind: "openpgp", value: "…" },
};

Deno.test("decodeTask() reads every field of the contract", () => {
  same(valueOf(decodeTask(bytesOf(whole))), whole);
});

Deno.test("decodeTask() fills in the defaults, and leaves out what nobody said", () => {
  same(valueOf(decodeTask(bytesOf({ task_id: "t", script: "true" }))), {
    task_id: "t",
    script: "true",
    timeout_seconds: 300,
    priority: "medium",
    retries: 0,
    resources: { cpus: 1, memory_mb: 256, pids: 64 },
    labels: {},
  });
});

Deno.test("decodeTask() fills in the resources that are not named", () => {
  const task = valueOf(decodeTask(bytesOf({ task_id: "t", script: "x", resources: { pids: 7 } })));
  same(task.resources, { cpus: 1, memory_mb: 256, pids: 7 });
});

Deno.test("decodeTask() tells the input null from no input", () => {
  const read = (input?: null) => valueOf(decodeTask(bytesOf({ task_id: "t", module: "x", input })));
  equal(read(null).input, null);
  equal("input" in read(), false);
});

Deno.test("decodeTask() gives input on as it is, __proto__ too", () => {
  const text = '{"task_id":"t","module":"x","input":{"__proto__":{"a":1},"b":2}}';
  const { input } = valueOf(decodeTask(bytesOf(text)));
  equal(JSON.stringify(input), '{"__proto__":{"a":1},"b":2}');
});

Deno.test("decodeTask() complains of an unknown field that is nested as deep as that", () => {
  const levels = 400_000;
  const text = `{"task_id":"t","module":"x","zz":${"[".repeat(levels)}${"]".repeat(levels)}}`;
  equal(complaintOf(decodeTask(bytesOf(text))), `zz: ${"[".repeat(57)}...: unknown field`);
});

Deno.test("decodeTask() takes a byte order mark for what it is", () => {
  equal(decodeTask(bytesOf('\ufeff{"task_id":"t","script":"x"}')).ok, true);
});

for (const field of ["script", "module"]) {
  Deno.test(`decodeTask() takes 65,536 bytes of ${field}, and not one more, counted in UTF-8`, () => {
    const read = (text: string) => decodeTask(bytesOf({ task_id: "t", [field]: text }));
    const twoBytes = "é".repeat(32_768);
    equal(read("x".repeat(65_536)).ok, true);
    equal(read(twoBytes).ok, true);
    const shown = `"${"x".repeat(56)}...`;
    const rule = "must have at most 65536 bytes";
    equal(complaintOf(read("x".repeat(65_537))), `${field}: ${shown}: ${rule}`);
    equal(complaintOf(read(twoBytes + "x")), `${field}: "${"é".repeat(56)}...: ${rule}`);
  });
}

Deno.test("decodeTask() takes a file of 1 MiB, and not a byte more", () => {
  const frame = '{"task_id":"t","script":"x","input":""}';
  const file = (size: number) =>
    bytesOf(frame.replace('""', `"${"x".repeat(size - frame.length)}"`));
  equal(decodeTask(file(MAX_TASK_BYTES)).ok, true);
  equal(
    complaintOf(decodeTask(file(MAX_TASK_BYTES + 1))),
    "1048577 bytes: must have at most 1048576 bytes",
  );
});

const INSTANTS: [text: string, good: boolean][] = [
  ["2026-01-02T03:04:05Z", true],
  ["2026-01-02T03:04:05.123456789Z", true],
  ["2026-01-02T03:04:05-23:59", true],
  ["2024-02-29T00:00:00Z", true],
  ["2026-02-29T00:00:00Z", false],
  ["2026-01-02T03:04Z", false],
  ["2026-01-02T03:04:05", false],
  ["2026-01-02T03:04:05+02", false],
  ["2026-01-02T24:00:00Z", false],
  ["2026-01-02 03:04:05Z", false],
  ["tomorrow", false],
];

for (const [text, good] of INSTANTS) {
  for (const field of ["not_before", "created_at"]) {
    Deno.test(`checkTask() ${good ? "accepts" : "refuses"} ${field} ${text}`, () => {
      const parsed = checkTask({ task_id: "t", script: "x", [field]: text });
      if (good) return equal(parsed.ok, true);
      equal(complaintOf(parsed), `${field}: "${text}": must be an RFC 3339 instant`);
    });
  }
}
