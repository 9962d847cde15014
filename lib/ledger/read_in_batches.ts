import type { Oid, Store, TooLarge } from "./store.ts";

/** So many bytes of contents are in memory at once. */
export const BATCH_BYTES = 16 * 1_048_576;

/**
 * Reads the content of files, handing on a batch at a time, so that a thousand large files do not
 * have to fit into memory. What is missing here is still fetched in one request.
 */
export async function* readInBatches(
  store: Store,
  oids: Oid[],
  maxBytes: number,
): AsyncGenerator<Map<Oid, Uint8Array | TooLarge>> {
  // With a limit of nothing, a store fetches all and gives the sizes.
  const sizes = await store.read(oids, 0);
  let batch: Oid[] = [];
  let bytes = 0;
  for (const [oid, content] of sizes) {
    const size = content instanceof Uint8Array ? 0 : content.tooLarge;
    const load = size > maxBytes ? 0 : size;
    if (bytes + load > BATCH_BYTES) {
      yield await store.read(batch, maxBytes);
      [batch, bytes] = [[], 0];
    }
    batch.push(oid);
    bytes += load;
  }
  if (batch.length > 0) yield await store.read(batch, maxBytes);
}
