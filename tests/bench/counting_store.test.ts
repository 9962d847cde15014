import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { countingSwaps } from "../../bench/counting_store.ts";
import { MemoryStore } from "../../lib/ledger/memory_store.ts";
import { type CommitOrder, type RefChange, wholeContent } from "../../lib/ledger/store.ts";
import { RefNames } from "../../lib/protocol/layout.ts";

const NAMES = new RefNames();
const ORDER: CommitOrder = {
  message: "one file",
  author: { name: "somebody", email: "somebody@example.com" },
  time: 0,
  changes: [{ path: "file", bytes: new Uint8Array([1]) }],
};
/** Another commit: a ref that already names what it shall name is no loss. */
const OTHER: CommitOrder = { ...ORDER, message: "the same file again" };

/** A new ref, which can be made only once. */
const creation = (shard: string, next: string): RefChange => ({ ref: NAMES.shard(shard), next });

Deno.test("countingSwaps() counts each ref's swap, and which of them were lost", async () => {
  const counts = { swaps: 0, lost: 0 };
  const store = countingSwaps(new MemoryStore(), counts);
  const one = await store.write((writer) => writer.commit(ORDER));
  const other = await store.write((writer) => writer.commit(OTHER));
  await store.swap([creation("0", one), creation("1", one)], { atomic: false });
  deepStrictEqual(counts, { swaps: 2, lost: 0 });
  await store.swap([creation("1", other), creation("2", other)], { atomic: false });
  deepStrictEqual(counts, { swaps: 4, lost: 1 });
});

Deno.test("countingSwaps() counts an atomic swap once", async () => {
  const counts = { swaps: 0, lost: 0 };
  const store = countingSwaps(new MemoryStore(), counts);
  const one = await store.write((writer) => writer.commit(ORDER));
  const other = await store.write((writer) => writer.commit(OTHER));
  await store.swap([creation("0", one), creation("1", one)], { atomic: true });
  deepStrictEqual(counts, { swaps: 1, lost: 0 });
  await store.swap([creation("1", other), creation("2", other)], { atomic: true });
  deepStrictEqual(counts, { swaps: 2, lost: 1 });
});

Deno.test("countingSwaps() leaves everything else to the store", async () => {
  const store = countingSwaps(new MemoryStore(), { swaps: 0, lost: 0 });
  const commit = await store.write((writer) => writer.commit(ORDER));
  const { oid } = (await store.find(commit, ["file"])).get("file")!;
  const content = wholeContent((await store.read([oid], 10)).get(oid));
  strictEqual(content?.[0], 1);
});
