import type { Writer } from "./ledger.ts";

/** A lost swap is tried again after about this long, and after twice as long each further time. */
const FIRST_PAUSE_MS = 15;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Waits before a further try, so that writers who met once do not meet again.
 *
 * @param tries how many tries there have been, from 1
 */
export async function backoff(writer: Writer, tries: number): Promise<void> {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS);
  await writer.clock.wait(longest * (0.5 + writer.random()));
}
