/**
 * Calls workers that listen, so that they look at once. Nothing depends on it: who is not reached sees
 * the same at its next look.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { SIGNATURE_HEADER, signatureOf } from "./signature.ts";

const log = getLogger(["dgrid", "wake"]);

/** No longer does anybody wait for a worker's answer. */
const ANSWER_TIME_MS = 2_000;

/** Posts to one address, and gives the answer's status. @throws when there is none in time */
export type Post = (url: string, body: Uint8Array, signature: string) => Promise<number>;

/**
 * Tells each of the addresses, all at once, that a ref has moved. Never throws: what was not reached
 * is logged.
 *
 * @param ref in full, such as `refs/heads/main`
 * @returns how many have taken the call
 */
export async function callWorkers(
  addresses: readonly string[],
  { secret, ref, post = postSigned }: { secret: string; ref: string; post?: Post },
): Promise<number> {
  const body = new TextEncoder().encode(JSON.stringify({ ref }));
  const signature = signatureOf(secret, body);
  const calls = [...new Set(addresses)].map((url) =>
    isTaken(url, () => post(url, body, signature))
  );
  return (await Promise.all(calls)).filter((taken) => taken).length;
}

async function isTaken(url: string, call: () => Promise<number>): Promise<boolean> {
  try {
    const status = await call();
    const isGood = status >= 200 && status < 300;
    if (!isGood) log.warning("waking {url}: it answered {status}", { url, status });
    return isGood;
  } catch (error) {
    log.warning("waking {url}: {words}", { url, words: (error as Error).message });
    return false;
  }
}

/** A redirect is not followed: the signature is for the one who is named, and nobody else. */
async function postSigned(url: string, body: Uint8Array, signature: string): Promise<number> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", [SIGNATURE_HEADER]: signature },
    body: body as Uint8Array<ArrayBuffer>,
    redirect: "manual",
    signal: AbortSignal.timeout(ANSWER_TIME_MS),
  });
  await response.body?.cancel();
  return response.status;
}
