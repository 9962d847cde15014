/**
 * How records are written and read: UTF-8 JSON, two spaces, a newline at the end, and a schema
 * whose complaints become {@link Problem}s. Where records may hold any JSON, their schemas bound its
 * depth (`nesting.ts`).
 *
 * @module
 */
import type { z } from "zod";
import { isDeeperThan } from "./nesting.ts";
import { type Parsed, type Problem, shown } from "./problem.ts";

/**
 * So many levels of a record have a line for each item; what lies deeper is one line. These are all
 * the fields of our own records, and a worst case of 9 bytes for the 2 of `0,`. Were every level
 * laid out, 1 MB of input at depth 64 would take 66 MB.
 */
const LAID_OUT_LEVELS = 3;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** A record as the bytes that go into the ledger: the same JSON gives the same bytes. */
export function encodeRecord(record: unknown): Uint8Array<ArrayBuffer> {
  // Nearly all records are so flat, and the engine's own writer is ten times as fast as ours.
  const text = isDeeperThan(record, LAID_OUT_LEVELS)
    ? laidOut(record, LAID_OUT_LEVELS)
    : JSON.stringify(record, null, 2);
  return encoder.encode(text + "\n");
}

/** What `JSON.stringify(value, null, 2)` gives, but with everything below `levels` in one line. */
function laidOut(value: unknown, levels: number, margin = ""): string | undefined {
  if (levels === 0 || typeof value !== "object" || value === null) return JSON.stringify(value);
  const inside = `${margin}  `;
  const items = Array.isArray(value)
    ? value.map((item) => laidOut(item, levels - 1, inside) ?? "null")
    : Object.entries(value).flatMap(([name, field]) => {
      const text = laidOut(field, levels - 1, inside);
      return text === undefined ? [] : [`${JSON.stringify(name)}: ${text}`];
    });
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  if (items.length === 0) return open + close;
  return `${open}\n${inside}${items.join(`,\n${inside}`)}\n${margin}${close}`;
}

/** Reads bytes as JSON of any depth. Refuses invalid UTF-8 instead of repairing it. */
export function decodeJson(bytes: Uint8Array): Parsed<unknown> {
  let text: string;
  try {
    text = decoder.decode(bytes);
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
