import { deepStrictEqual as same, equal, match } from "node:assert/strict";
import { decodeNodeRecord, type NodeRecord } from "../../lib/protocol/node_record.ts";
import { encodeRecord } from "../../lib/protocol/record.ts";
import { AT, bytesOf, complaintOf, valueOf } from "./example.ts";

const node: NodeRecord = {
  version: 1,
  node_id: "n1",
  status: "online",
  machine: { hostname: "host", os: "linux", arch: "x86_64", cpus: 2, memory_mb: 4096 },
  labels: { gpu: "a100" },
  runs: ["module"],
  parallel: 4,
  running: ["t1"],
  dgrid_version: "0.1.0",
  started_at: AT,
  last_seen: AT,
};

Deno.test("decodeNodeRecord() reads what encodeRecord() wrote, with and without a key", () => {
  for (const record of [node, { ...node, public_key: "armoured" }]) {
    same(valueOf(decodeNodeRecord(encodeRecord(record))), record);
  }
});

const BAD: [field: string, value: unknown][] = [
  ["version", 2],
  ["node_id", "../n1"],
  ["node_id", "n1.lock"],
  ["status", "asleep"],
  ["machine", {}],
  ["labels", { a: 1 }],
  ["runs", "module"],
  ["parallel", 0.5],
  ["running", [1]],
  ["last_seen", 1],
  ["last_seen", undefined],
];

for (const [field, value] of BAD) {
  Deno.test(`decodeNodeRecord() refuses ${field} ${JSON.stringify(value)}`, () => {
    match(
      complaintOf(decodeNodeRecord(bytesOf({ ...node, [field]: value }))),
      new RegExp(`^${field}[.:]`),
    );
  });
}

Deno.test("decodeNodeRecord() passes over fields of a later version", () => {
  equal(decodeNodeRecord(bytesOf({ ...node, mood: "good" })).ok, true);
});
