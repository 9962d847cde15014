/**
 * What a worker has to say of an attempt of its own that is over, as a record on its disk.
 *
 * @module
 */
import { z } from "zod";
import type { Saying } from "../ledger/draft.ts";
import { isNodeId, isTaskId } from "../protocol/identity.ts";
import { OUTCOMES } from "../protocol/live_state.ts";
import type { Parsed } from "../protocol/problem.ts";
import { decodeRecord, encodeRecord } from "../protocol/record.ts";
import { executionSchema } from "../protocol/result.ts";
import { checkTask } from "../protocol/task.ts";

const ofAttempt = {
  task_id: z.string().refine(isTaskId, { error: "must be a task's id" }),
  node_id: z.string().refine(isNodeId, { error: "must be a node's id" }),
  attempt: z.int(),
  claimed_at: z.string(),
  at: z.string(),
};

const eventSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("report"),
    ...ofAttempt,
    outcome: z.enum(OUTCOMES).exclude(["handed_back"]),
    retries: z.int(),
    retry_at: z.string(),
  }),
  z.strictObject({ kind: z.literal("hand_back"), ...ofAttempt }),
]);
/** An event that the owner of an attempt says of its end. */
export type EndEvent = z.infer<typeof eventSchema>;

const sayingSchema = z.strictObject({
  version: z.literal(1),
  event: eventSchema,
  spec: z.string().optional(),
  execution: executionSchema.optional(),
  task: z.unknown().optional(),
});

/** Whether a saying ends an attempt of its sayer's own; nothing else is worth keeping. */
export function isEnd(saying: Saying): saying is Saying & { event: EndEvent } {
  return saying.event.kind === "report" || saying.event.kind === "hand_back";
}

/** A saying as a record. */
export function encodeSaying({ event, spec, execution, task }: Saying): Uint8Array<ArrayBuffer> {
  return encodeRecord({ version: 1, event, spec, execution, task });
}

/** Reads a record of a saying. */
export function decodeSaying(bytes: Uint8Array): Parsed<Saying & { event: EndEvent }> {
  const record = decodeRecord(sayingSchema, bytes);
  if (!record.ok) return record;
  const { event, spec, execution, task } = record.value;
  const saying = { event, ...(spec && { spec }), ...(execution && { execution }) };
  if (task === undefined) return { ok: true, value: saying };
  const checked = checkTask(task);
  return checked.ok ? { ok: true, value: { ...saying, task: checked.value } } : checked;
}
