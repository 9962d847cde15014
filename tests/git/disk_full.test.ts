/**
 * Local copies on a disk without room.
 *
 * @module
 */
import { deepStrictEqual as same, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "@std/path";
import { needingRoom } from "../../lib/git/disk_full.ts";
import { GitStore } from "../../lib/ledger/git_store.ts";
import { RefNames } from "../../lib/protocol/layout.ts";
import { bareRepository, commitFiles, temporaryFolder } from "../support/git_server.ts";
import { diskTest, type SmallDisk } from "../support/small_disk.ts";
import { hostOf } from "./workshop.ts";

const names = new RefNames();
const MAIN = names.branch;
const FULL = { name: "GitError", trouble: "disk_full" };

/** A server elsewhere, and a store whose home is on the disk. */
interface Shop extends AsyncDisposable {
  server: string;
  open(): Promise<GitStore>;
  commit(files: Record<string, string | Uint8Array>): Promise<void>;
}

async function openShop(disk: SmallDisk): Promise<Shop> {
  const folder = await temporaryFolder();
  const server = await bareRepository(folder.path);
  const home = join(disk.path, "home");
  const shop: Shop = {
    server,
    open: () => GitStore.open({ url: server, home, names, host: hostOf(folder.path) }),
    commit: (files) => commitFiles(folder.path, server, files),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
  await shop.commit({ a: "1" });
  return shop;
}

/** Bytes that Git cannot make small. */
function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

/** Everything below a folder that a command leaves when it is ended in the middle. */
async function rubbish(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (/^(tmp_|fast_import_crash_)|\.lock$/.test(name)) found.push(name);
    else if (isDirectory) found.push(...await rubbish(join(folder, name)));
  }
  return found;
}

diskTest(
  "a fetch on a full disk throws disk_full, leaves nothing, and works later",
  4_096,
  async (disk) => {
    await using shop = await openShop(disk);
    await using store = await shop.open();
    await store.fetch(await store.refs());
    await shop.commit({ large: noise(2_000_000), b: "1" });
    await disk.fill();
    const refs = await store.refs();
    await rejects(store.fetch(refs), FULL);
    await rejects(store.fetch(refs), FULL);
    same(await rubbish(disk.path), []);
    await disk.clear();
    await store.fetch(refs);
    const entries = await store.list(refs.get(MAIN)!, "");
    same(entries.map(({ path }) => path), ["a", "b", "large"]);
    const { oid } = entries[2];
    await disk.fill();
    await rejects(store.read([oid], 9_999_999), FULL);
    same(await rubbish(disk.path), []);
    await disk.clear();
    equal(((await store.read([oid], 9_999_999)).get(oid) as Uint8Array).length, 2_000_000);
  },
);

diskTest(
  "a write on a full disk throws disk_full, leaves nothing, and works later",
  4_096,
  async (disk) => {
    await using shop = await openShop(disk);
    await using store = await shop.open();
    const refs = await store.refs();
    await store.fetch(refs);
    const expected = refs.get(MAIN)!;
    const author = { name: "tester", email: "tester@example.com" };
    const write = () =>
      store.write((writer) => {
        const changes = [{ path: "b", bytes: noise(300_000) }];
        return writer.commit({ parent: expected, message: "m", author, time: 0, changes });
      });
    await disk.fill();
    await rejects(write(), FULL);
    await rejects(write(), FULL);
    same(await rubbish(disk.path), []);
    // What needs no room goes on.
    equal((await store.list(expected, "")).length, 1);
    await disk.clear();
    const next = await write();
    const outcomes = await store.swap([{ ref: MAIN, expected, next }], { atomic: true });
    same(outcomes.get(MAIN), { done: true });
  },
);

diskTest("a copy is kept, when there is no room to open it", 2_048, async (disk) => {
  await using shop = await openShop(disk);
  const first = await shop.open();
  const refs = await first.refs();
  await first.fetch(refs);
  await first[Symbol.asyncDispose]();
  await disk.fill();
  await rejects(shop.open(), FULL);
  await disk.clear();
  await Deno.rename(shop.server, `${shop.server}.away`);
  await using again = await shop.open();
  equal((await again.list(refs.get(MAIN)!, "")).length, 1);
});

diskTest("a copy that there was no room to make is made later", 512, async (disk) => {
  await using shop = await openShop(disk);
  await disk.fill();
  await rejects(shop.open(), FULL);
  await disk.clear();
  await using store = await shop.open();
  const refs = await store.refs();
  await store.fetch(refs);
  equal((await store.list(refs.get(MAIN)!, "")).length, 1);
});

diskTest(
  "a server whose disk is full refuses a push, and is not taken for this disk",
  1_024,
  async (disk) => {
    const server = await bareRepository(disk.path);
    await using folder = await temporaryFolder();
    const home = join(folder.path, "home");
    const host = hostOf(folder.path);
    await using store = await GitStore.open({ url: server, home, names, host });
    const author = { name: "tester", email: "tester@example.com" };
    const changes = [{ path: "b", bytes: noise(100_000) }];
    const next = await store.write((writer) =>
      writer.commit({ message: "m", author, time: 0, changes })
    );
    await disk.fill();
    const swap = async () => (await store.swap([{ ref: MAIN, next }], { atomic: true })).get(MAIN)!;
    const outcome = await swap();
    ok(!outcome.done && outcome.why === "refused");
    match(outcome.words, /^\[remote rejected\] \(unpacker error\): remote: fatal: .*No space left/);
    await disk.clear();
    same(await swap(), { done: true });
  },
);

for (const code of ["ENOSPC", "EDQUOT"]) {
  Deno.test(`needingRoom() throws disk_full, when the system says ${code}`, async () => {
    const full = Object.assign(new Error("no room"), { code });
    const working = needingRoom("writing", () => Promise.reject(full));
    await rejects(working, { ...FULL, message: "writing: no room" });
  });
}

Deno.test("needingRoom() gives what the work gives, and throws what else it throws", async () => {
  equal(await needingRoom("writing", () => Promise.resolve(7)), 7);
  const other = new Deno.errors.PermissionDenied("no");
  await rejects(needingRoom("writing", () => Promise.reject(other)), other);
});
