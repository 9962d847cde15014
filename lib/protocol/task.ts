/**
 * A task: what somebody wants to have run (DESIGN.md section 3, Contract).
 *
 * @module
 */
import { z } from "zod";
import { ID_RULE, isTaskId } from "./identity.ts";
import { integer } from "./integer.ts";
import { isDeeperThan, MAX_DEPTH } from "./nesting.ts";
import type { Parsed } from "./problem.ts";
import { checkRecord, decodeJson } from "./record.ts";

/** A script or a module has at most this many bytes of UTF-8 (Contract). */
export const MAX_CODE_BYTES = 65_536;

/**
 * A task file has at most this many bytes. The contract bounds the code but not `input`; this bound
 * keeps one hostile file from filling a worker's memory.
 */
export const MAX_TASK_BYTES = 1_048_576;

/** Most urgent first. */
export const PRIORITIES = ["critical", "high", "medium", "low"] as const;
export type Priority = typeof PRIORITIES[number];

const text = (rule: string) => z.string({ error: `must be ${rule}` });
const code = (what: string) =>
  text(what).min(1, { error: `must not be empty` }).refine(
    (value) => new TextEncoder().encode(value).length <= MAX_CODE_BYTES,
    { error: `must have at most ${MAX_CODE_BYTES} bytes` },
  );
const labels = z.record(z.string(), text("a string"), { error: "must be an object of strings" });
/** Any JSON in a field of a task; with the task around it, it keeps to {@link MAX_DEPTH}. */
const isShallow = (value: unknown) => !isDeeperThan(value, MAX_DEPTH - 1);
const depthRule = {
  error: `must be nested at most ${MAX_DEPTH} levels deep, counted from the task`,
};
const instant = z.iso.datetime({ offset: true, error: "must be an RFC 3339 instant" });

const cpusRule = "must be a number from 0.01 to 1024";
/** The limits of a task's run. Docker refuses less than 6 MiB, so the lower bound is 16. */
export const resourcesSchema = z.strictObject({
  cpus: z.number({ error: cpusRule }).min(0.01, { error: cpusRule }).max(1024, { error: cpusRule })
    .default(1),
  memory_mb: integer(16, 1_048_576).default(256),
  pids: integer(1, 4_194_304).default(64),
}, { error: (issue) => issue.code === "invalid_type" ? "must be an object" : undefined });

export const signatureSchema = z.record(z.string(), z.unknown(), { error: "must be an object" })
  .refine(isShallow, depthRule);

const taskSchema = z.strictObject({
  task_id: text("a string").refine(isTaskId, { error: `must be ${ID_RULE}` }),
  script: code("shell text").optional(),
  module: code("the text of an ES module").optional(),
  // Read from JSON, so it is JSON.
  input: z.unknown().refine(isShallow, depthRule).optional(),
  image: text("the name of a container image")
    .regex(/^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}$/, {
      error: "must be the name of a container image",
    }).optional(),
  timeout_seconds: integer(1, 86_400).default(300),
  priority: z.enum(PRIORITIES, { error: `must be one of ${PRIORITIES.join(", ")}` })
    .default("medium"),
  retries: integer(0, 10).default(0),
  resources: resourcesSchema.default({ cpus: 1, memory_mb: 256, pids: 64 }),
  labels: labels.default({}),
  not_before: instant.optional(),
  created_at: instant.optional(),
  submitted_by: text("a string").max(256, { error: "must have at most 256 characters" }).optional(),
  signature: signatureSchema.optional(),
}, { error: (issue) => issue.code === "invalid_type" ? "must be an object" : undefined })
  .refine((task) => (task.script === undefined) !== (task.module === undefined), {
    when: ({ value }) => typeof value === "object" && value !== null && !Array.isArray(value),
    error: (issue) =>
      (issue.input as { script?: string }).script === undefined
        ? "must have either script or module, and has neither"
        : "must have either script or module, and has both",
  });

/** A task with its defaults filled in. */
export type Task = z.infer<typeof taskSchema>;

/** Reads a task file. Refuses anything that breaks the contract, with each problem named. */
export function decodeTask(bytes: Uint8Array): Parsed<Task> {
  if (bytes.length > MAX_TASK_BYTES) {
    return {
      ok: false,
      problems: [{ field: "", found: `${bytes.length} bytes`, rule: tooLargeRule() }],
    };
  }
  const json = decodeJson(bytes);
  return json.ok ? checkTask(json.value) : json;
}

/** Checks one value as a task, in either of the two forms. */
export function checkTask(value: unknown): Parsed<Task> {
  return checkRecord(taskSchema, isOlderForm(value) ? fromOlderForm(value) : value);
}

/** The rule that a task file over {@link MAX_TASK_BYTES} breaks. */
export function tooLargeRule(): string {
  return `must have at most ${MAX_TASK_BYTES} bytes`;
}

/**
 * Whether a value is a task of the first version, `{id, command, timeout, …}`: it has `id` or
 * `command`, and none of the names that replaced them.
 */
export function isOlderForm(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const has = (name: string) => Object.hasOwn(value, name);
  return (has("id") || has("command")) && !has("task_id") && !has("script") && !has("module");
}

const NEW_NAMES = new Map([
  ["id", "task_id"],
  ["command", "script"],
  ["timeout", "timeout_seconds"],
]);

function fromOlderForm(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => {
      const newName = NEW_NAMES.get(name) ?? name;
      // Where both stand, neither may win in silence: the older one is an unknown field.
      return [Object.hasOwn(value, newName) ? name : newName, field];
    }),
  );
}
