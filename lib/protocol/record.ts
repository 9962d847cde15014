/**
 * How records are written and read: UTF-8 JSON, two spaces, a newline at the end, and a schema
 * whose complaints become {@link Problem}s.
 *
 * @module
 */
import type { z } from "zod";
import { type Parsed, type Problem, shown } from "./problem.ts";

/** A record as the bytes that go into the ledger. */
export function encodeRecord(record: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(record, null, 2) + "\n");
}

/** Reads bytes as JSON. Refuses invalid UTF-8 instead of repairing it. */
export function decodeJson(bytes: Uint8Array): Parsed<unknown> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return refused("must be valid UTF-8");
  }
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return refused(`must be JSON (${(error as Error).message})`);
  }
}

/** Reads bytes as one record of the given shape. */
export function decodeRecord<T>(schema: z.ZodType<T>, bytes: Uint8Array): Parsed<T> {
  const json = decodeJson(bytes);
  return json.ok ? checkRecord(schema, json.value) : json;
}

/** Checks a value against a shape and says every problem with its field, its value and the rule. */
export function checkRecord<T>(schema: z.ZodType<T>, value: unknown): Parsed<T> {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, problems: result.error.issues.flatMap((issue) => problemsOf(issue, value)) };
}

function refused(rule: string): Parsed<never> {
  return { ok: false, problems: [{ field: "", rule }] };
}

function problemsOf(issue: z.core.$ZodIssue, whole: unknown): Problem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      field: [...issue.path, key].join("."),
      found: shown(valueAt(whole, [...issue.path, key])),
      rule: "unknown field",
    }));
  }
  const found = valueAt(whole, issue.path);
  return [{
    field: issue.path.join("."),
    found: found === undefined || issue.path.length === 0 ? undefined : shown(found),
    rule: found === undefined && issue.code === "invalid_type"
      ? `required: ${issue.message}`
      : issue.message,
  }];
}

function valueAt(value: unknown, path: PropertyKey[]): unknown {
  return path.reduce(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
}
