/**
 * What a call is answered, and whether it wakes the worker: decisions without I/O.
 *
 * @module
 */
import { pushedRef } from "./push_event.ts";
import { bringsProof, type HeaderReader, isAuthentic } from "./signature.ts";

/** How much of a call's body is read. Git hosts describe a push in far less. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** Statuses that are answered; what is wrong with a proof is not told. */
export type HookStatus = 200 | 202 | 204 | 401 | 404 | 405 | 413;

/** A call without its body. */
export interface CallHead {
  method: string;
  /** With its query, as the request line has it. */
  path: string;
  header: HeaderReader;
}

/** What a call's head alone is refused for; undefined where its body is to be read. */
export function refusalOf({ method, path, header }: CallHead): HookStatus | undefined {
  if (!/^\/(wake)?(\?|$)/.test(path)) return 404;
  if (method !== "POST") return 405;
  if (Number(header("content-length")) > MAX_BODY_BYTES) return 413;
  return bringsProof(header) ? undefined : 401;
}

/**
 * The answer to a whole call: 202 is the only one that wakes.
 *
 * @param concerns whether a ref is one whose move is work for a worker
 */
export function answerTo(
  { header }: CallHead,
  body: Uint8Array,
  { secret, concerns }: { secret: string; concerns(ref: string): boolean },
): HookStatus {
  if (!isAuthentic(secret, body, header)) return 401;
  // GitHub's first call, when the webhook is set up.
  if (header("x-github-event") === "ping") return 200;
  const ref = pushedRef(header("content-type"), body);
  return ref === undefined || concerns(ref) ? 202 : 204;
}
