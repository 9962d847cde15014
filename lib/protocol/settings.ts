/**
 * The grid's settings: `dgrid.json` on the branch (DESIGN.md section 2, Contract).
 *
 * @module
 */
import { z } from "zod";
import { integer } from "./integer.ts";
import { DEFAULT_REF_PREFIX, isRefPrefix, REF_PREFIX_RULE } from "./layout.ts";
import type { Parsed } from "./problem.ts";
import { decodeRecord } from "./record.ts";
import type { Task } from "./task.ts";

/** Where the settings are kept. */
export const SETTINGS_PATH = "dgrid.json";

const WAKE_ADDRESS_RULE = "an http or https URL without a user, of at most 2048 characters";

/** A user's name and password would be read by all who can read the branch. */
function isWakeAddress(text: string): boolean {
  if (text.length > 2048 || !URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}

const settingsSchema = z.strictObject({
  version: z.literal(1, { error: "must be 1, the only version there is" }),
  /** How long a claim is believed without a sign of life. */
  lease_seconds: integer(5, 86_400).default(300),
  /** After this many lost owners a task is given up as `lost`. */
  max_attempts: integer(1, 100).default(3),
  /** No task may ask for more time than this. */
  max_timeout_seconds: integer(1, 86_400).default(86_400),
  /** How many bytes of each of stdout, stderr and a module's output are kept. */
  output_limit_bytes: integer(1, 1_048_576).default(10_240),
  /** The image of a script that names none. */
  default_image: z.string({ error: "must be a string" }).min(1, { error: "must not be empty" })
    .default("python:3.11-alpine"),
  /**
   * Below which name the refs of the live edge are: for hosts that take only branches, one such as
   * `refs/heads/dgrid`. The branch of the ledger must not lie on the way ({@link RefNames.clash}).
   */
  ref_prefix: z.string({ error: "must be a string" })
    .refine(isRefPrefix, { error: `must be ${REF_PREFIX_RULE}` }).default(DEFAULT_REF_PREFIX),
  /**
   * How many pushes a minute all workers make together: two at least, as what a host refuses of a push
   * shows in a second one. Where it is absent, what the host is known to
   * take counts ({@link usualPushBudget}).
   */
  push_budget: integer(2, 1_000_000).optional(),
  /** Where workers listen for wake-up calls; whoever submits and knows their secret calls them. */
  wake: z.array(
    z.string({ error: "must be a string" })
      .refine(isWakeAddress, { error: `must be ${WAKE_ADDRESS_RULE}` }),
    { error: "must be an array" },
  ).max(32, { error: "must have at most 32 addresses" }).default([]),
}, { error: (issue) => issue.code === "invalid_type" ? "must be an object" : undefined });

/** The grid's settings with their defaults filled in. */
export type Settings = z.infer<typeof settingsSchema>;

/** What holds where the branch has no `dgrid.json`. */
export const DEFAULT_SETTINGS: Settings = settingsSchema.parse({ version: 1 });

/**
 * Reads `dgrid.json`. An unknown field is refused: a worker that does not know a policy must not
 * work against it.
 */
export function decodeSettings(bytes: Uint8Array): Parsed<Settings> {
  return decodeRecord(settingsSchema, bytes);
}

/** Checks a task against the ceilings of its grid. */
export function checkAgainstSettings(task: Task, settings: Settings): Parsed<Task> {
  const ceiling = settings.max_timeout_seconds;
  if (task.timeout_seconds <= ceiling) return { ok: true, value: task };
  return {
    ok: false,
    problems: [{
      field: "timeout_seconds",
      found: String(task.timeout_seconds),
      rule: `must be at most ${ceiling}, the grid's max_timeout_seconds`,
    }],
  };
}
