import type { IncomingMessage } from "node:http";

/**
 * Reads a request's body, and counts while it reads: what the request says of its length may be wrong.
 *
 * @returns undefined as soon as it is longer than `limit` bytes; nothing of it is kept then
 * @throws {Error} when the line breaks, or the server ends it because its time is over
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const parts: Uint8Array[] = [];
    let size = 0;
    request.on("data", (part: Uint8Array) => {
      size += part.length;
      if (size <= limit) return void parts.push(part);
      parts.length = 0;
      resolve(undefined);
    });
    request.on("end", () => resolve(joined(parts, size)));
    request.on("error", reject);
    request.on("close", () => reject(new Error("reading a call: it broke off")));
  });
}

function joined(parts: Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
