/**
 * The record that each push leaves in the grid's turn, where pushes are taken in turn.
 *
 * @module
 */
import { z } from "zod";
import type { Parsed } from "./problem.ts";
import { decodeRecord, encodeRecord } from "./record.ts";

/** The path of the record in the turn's commit. */
export const TURN_RECORD_PATH = "turn.json";

/** Of no budget with turns there are more pushes in a minute. */
const MOST_AGES = 60;

const turnSchema = z.strictObject({
  version: z.literal(1),
  /** Makes it differ from every other. */
  mark: z.string().max(64),
  /**
   * How long before it was written the pushes before this one were, in milliseconds, newest first: at
   * least all of the last minute, and rather younger than they are.
   */
  ages_ms: z.array(z.number().min(0)).max(MOST_AGES),
});

export type Turn = z.infer<typeof turnSchema>;

export function encodeTurn(turn: Turn): Uint8Array<ArrayBuffer> {
  return encodeRecord(turn);
}

export function decodeTurn(bytes: Uint8Array): Parsed<Turn> {
  return decodeRecord(turnSchema, bytes);
}
