import { deepStrictEqual as same, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { isTaskId } from "../../lib/protocol/identity.ts";
import { parseQueuePath, QUEUE_FOLDER, queuePath } from "../../lib/protocol/layout.ts";
import { decodeLiveState } from "../../lib/protocol/live_state.ts";
import { decodeNodeRecord } from "../../lib/protocol/node_record.ts";
import type { Parsed } from "../../lib/protocol/problem.ts";
import { decodeJson, encodeRecord } from "../../lib/protocol/record.ts";
import { decodeResult } from "../../lib/protocol/result.ts";
import { decodeSettings } from "../../lib/protocol/settings.ts";
import { checkTask, decodeTask, PRIORITIES } from "../../lib/protocol/task.ts";
import { valueOf } from "./example.ts";

const DECODERS: Record<string, (bytes: Uint8Array) => Parsed<unknown>> = {
  decodeTask,
  decodeSettings,
  decodeLiveState,
  decodeNodeRecord,
  decodeResult,
};

const FIELDS = [
  ..."task_id script module input image timeout_seconds priority retries resources labels".split(
    " ",
  ),
  ..."not_before created_at submitted_by signature id command timeout version".split(" "),
  ..."status attempt node_id attempts __proto__ constructor toString".split(" "),
];

/** JSON that comes near to a record: its names are those of fields, and of what every object has. */
const nearly = fc.dictionary(fc.constantFrom(...FIELDS), fc.jsonValue(), {
  noNullPrototype: false,
});

for (const [name, decode] of Object.entries(DECODERS)) {
  Deno.test(`${name}() reads or refuses any bytes and any JSON, and never throws`, () => {
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => new TextEncoder().encode(text)),
      nearly.map(encodeRecord),
    );
    fc.assert(fc.property(bytes, (input) => {
      const parsed = decode(input);
      if (!parsed.ok) ok(parsed.problems.every(({ rule }) => rule !== ""));
      ok(parsed.ok || parsed.problems.length > 0);
    }));
  });
}

Deno.test("encodeRecord() and decodeJson() give back any JSON", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const again = valueOf(decodeJson(encodeRecord(value)));
    equal(JSON.stringify(again), JSON.stringify(value));
  }));
});

const ids = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/).filter(isTaskId);
const instants = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
  .map((date) => date.toISOString());

const tasks = fc.record({
  task_id: ids,
  script: fc.string({ minLength: 1, unit: "grapheme" }),
  input: fc.jsonValue(),
  image: fc.constantFrom("busybox", "a/b:c", "x@sha256:0"),
  timeout_seconds: fc.integer({ min: 1, max: 86_400 }),
  priority: fc.constantFrom(...PRIORITIES),
  retries: fc.integer({ min: 0, max: 10 }),
  labels: fc.dictionary(fc.stringMatching(/^[a-z]*$/), fc.string(), { noNullPrototype: true })
    .map((labels) => ({ ...labels })),
  not_before: instants,
  submitted_by: fc.string({ maxLength: 256 }),
}, { requiredKeys: ["task_id", "script"] });

Deno.test("decodeTask() reads a good task, and reads what it gave once more as the same", () => {
  fc.assert(fc.property(tasks, (task) => {
    const once = valueOf(decodeTask(encodeRecord(task)));
    const told = { ...valueOf(checkTask({ task_id: "t", script: "x" })), ...task };
    same(once, JSON.parse(JSON.stringify(told)));
    same(valueOf(decodeTask(encodeRecord(once))), once);
  }));
});

Deno.test("parseQueuePath() reads what queuePath() wrote, for any id and priority", () => {
  fc.assert(fc.property(ids, fc.constantFrom(...PRIORITIES), (id, priority) => {
    const place = parseQueuePath(queuePath(id, priority));
    same([place?.stem, place?.folder?.priority], [id, priority]);
  }));
});

Deno.test("parseQueuePath() gives only ids that isTaskId() accepts, for any path", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (name) => {
    const stem = parseQueuePath(`${QUEUE_FOLDER}/${name}.json`)?.stem;
    ok(stem === undefined || isTaskId(stem));
  }));
});

Deno.test("isTaskId() accepts only what is safe as one path component and in a ref's name", () => {
  const hostile = fc.string({
    unit: fc.constantFrom(..."ab.-/\\:~^?*[ @{}\0\n\t\x7fé", ".lock", ".."),
    maxLength: 8,
  });
  fc.assert(fc.property(hostile, (id) => {
    if (isTaskId(id)) ok(/^(?![.-])(?!.*(\.\.|\.$|\.lock$))[\w.-]+$/.test(id), id);
  }));
});
