import { deepStrictEqual as same, equal, match } from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { describeProblem, describeProblems, shown } from "../../lib/protocol/problem.ts";
import { checkRecord, decodeJson, decodeRecord, encodeRecord } from "../../lib/protocol/record.ts";
import { bytesOf, complaintOf } from "./example.ts";

const schema = z.strictObject({
  name: z.string({ error: "must be a string" }),
  list: z.array(z.strictObject({ size: z.int({ error: "must be an integer" }) })).optional(),
});

Deno.test("encodeRecord() writes UTF-8 JSON with two spaces and a newline at the end", () => {
  equal(
    new TextDecoder().decode(encodeRecord({ a: "é", b: [1], c: undefined })),
    '{\n  "a": "é",\n  "b": [\n    1\n  ]\n}\n',
  );
});

Deno.test("encodeRecord() writes what lies deeper than three levels in one line", () => {
  equal(
    new TextDecoder().decode(encodeRecord({ a: { b: [{ c: [1, { d: 2 }] }], e: {}, f: [] } })),
    '{\n  "a": {\n    "b": [\n      {"c":[1,{"d":2}]}\n    ],\n    "e": {},\n    "f": []\n  }\n}\n',
  );
});

Deno.test("encodeRecord() writes a field the same way, whether another one is deep or flat", () => {
  const linesOf = (record: unknown) => new TextDecoder().decode(encodeRecord(record)).split("\n");
  const flat = fc.anything({ maxDepth: 1, key: fc.string(), values: [fc.string(), fc.double()] });
  fc.assert(fc.property(flat, (value) => {
    const alone = linesOf({ z: 1, value }).slice(0, -2);
    same(linesOf({ z: 1, value, deep: [[[[]]]] }).slice(0, alone.length), [
      ...alone.slice(0, -1),
      `${alone.at(-1)},`,
    ]);
  }));
});

Deno.test("decodeJson() refuses bytes that are no UTF-8, and text that is no JSON", () => {
  equal(complaintOf(decodeJson(new Uint8Array([0x22, 0xff, 0x22]))), "must be valid UTF-8");
  match(complaintOf(decodeJson(bytesOf("{'a':1}"))), /^must be JSON \(.*position 1/);
});

Deno.test("decodeRecord() says of each problem the field, the value and the rule", () => {
  same(decodeRecord(schema, bytesOf({ name: 1, list: [{ size: 1 }, { size: "x", kind: 2 }] })), {
    ok: false,
    problems: [
      { field: "name", found: "1", rule: "must be a string" },
      { field: "list.1.size", found: '"x"', rule: "must be an integer" },
      { field: "list.1.kind", found: "2", rule: "unknown field" },
    ],
  });
});

Deno.test("checkRecord() tells a missing field from a wrong one", () => {
  same(checkRecord(schema, {}), {
    ok: false,
    problems: [{ field: "name", found: undefined, rule: "required: must be a string" }],
  });
});

Deno.test("checkRecord() names each of several unknown fields", () => {
  equal(
    complaintOf(checkRecord(schema, { name: "n", b: null, a: {} })),
    "b: null: unknown field; a: {}: unknown field",
  );
});

Deno.test("shown() cuts a value at 60 characters", () => {
  equal(shown("x".repeat(58)), `"${"x".repeat(58)}"`);
  equal(shown("x".repeat(59)), `"${"x".repeat(56)}...`);
  equal(shown(undefined), "undefined");
});

Deno.test("describeProblem() leaves out what there is not", () => {
  equal(describeProblem({ field: "a.b", found: "1", rule: "must be 2" }), "a.b: 1: must be 2");
  equal(describeProblem({ field: "", rule: "must be JSON" }), "must be JSON");
  equal(describeProblem({ field: "a", rule: "required" }), "a: required");
});

Deno.test("describeProblems() stays short, however many and however long they are", () => {
  const problem = { field: "f".repeat(1_000), rule: "unknown field" };
  equal(describeProblem(problem), `${"f".repeat(157)}...: unknown field`);
  const few = Array(20).fill({ field: "a", rule: "b" });
  equal(describeProblems(few), few.map(() => "a: b").join("; "));
  equal(describeProblems([...few, ...few]), `${describeProblems(few)}; and 20 more problems`);
});
