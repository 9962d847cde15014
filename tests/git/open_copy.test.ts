/**
 * A store whose local copy is damaged while it is used.
 *
 * @module
 */
import { deepStrictEqual as same, equal, ok, rejects } from "node:assert/strict";
import { join } from "@std/path";
import { TIME_LIMITS } from "../../lib/git/git.ts";
import { GitStore } from "../../lib/ledger/git_store.ts";
import type { Change } from "../../lib/ledger/store.ts";
import { RefNames } from "../../lib/protocol/layout.ts";
import { bareRepository, commitFiles, temporaryFolder } from "../support/git_server.ts";
import { VirtualClock } from "../support/memory_grid.ts";
import { bytes, hostOf } from "./workshop.ts";

const names = new RefNames();
const MAIN = names.branch;

/** A store that has fetched the branch, and the folder of its copy. */
interface Shop extends AsyncDisposable {
  folder: string;
  url: string;
  copy: string;
  store: GitStore;
  tip: string;
  /** By which the store measures how soon it may make its copy again. */
  clock: VirtualClock;
}

async function openShop(): Promise<Shop> {
  const { path: folder, [Symbol.asyncDispose]: remove } = await temporaryFolder();
  const url = await bareRepository(folder);
  await commitFiles(folder, url, { "a/b": "1", "a/large": "x".repeat(5000) });
  const home = join(folder, "home");
  const clock = new VirtualClock();
  const patience = { clock, random: () => 0 };
  const store = await GitStore.open({ url, home, names, host: hostOf(folder), patience });
  const refs = await store.refs();
  await store.fetch(refs);
  const [{ name }] = await Array.fromAsync(Deno.readDir(join(home, "repositories")));
  return {
    folder,
    url,
    copy: join(home, "repositories", name, "0", "copy.git"),
    store,
    tip: refs.get(MAIN)!,
    clock,
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]();
      await remove();
    },
  };
}

function commit(store: GitStore, parent: string, changes: Change[]): Promise<string> {
  const author = { name: "tester", email: "tester@example.com" };
  const order = { parent, message: "m", author, time: 1_700_000_000, changes };
  return store.write((writer) => writer.commit(order));
}

const DAMAGES: [what: string, damage: (copy: string) => Promise<void>][] = [
  ["gone", (copy) => Deno.remove(copy, { recursive: true })],
  ["without its objects", (copy) => Deno.remove(join(copy, "objects"), { recursive: true })],
  ["with packs that are cut off", async (copy) => {
    const packs = join(copy, "objects", "pack");
    for await (const { name } of Deno.readDir(packs)) {
      if (!name.endsWith(".pack")) continue;
      await Deno.chmod(join(packs, name), 0o600);
      await Deno.truncate(join(packs, name), 40);
    }
  }],
];

const OPERATIONS: [what: string, operate: (shop: Shop) => Promise<unknown>, answer: unknown][] = [
  ["refs", async ({ store, tip }) => (await store.refs()).get(MAIN) === tip, true],
  ["list", async ({ store, tip }) => (await store.list(tip, "a")).length, 2],
  ["find", async ({ store, tip }) => (await store.find(tip, ["a/b"])).size, 1],
  ["contains", ({ store, tip }) => store.contains(tip, tip), true],
  ["log", async ({ store, tip }) => (await store.log(tip, 9)).length, 1],
  ["read", async ({ store, tip }) => {
    const { oid } = (await store.find(tip, ["a/large"])).get("a/large")!;
    return (await store.read([oid], 9999)).get(oid) instanceof Uint8Array;
  }, true],
  ["fetch", async ({ folder, url, store }) => {
    await commitFiles(folder, url, { c: "1" });
    const refs = await store.refs();
    await store.fetch(refs);
    return (await store.list(refs.get(MAIN)!, "")).length;
  }, 2],
];

for (const [state, damage] of DAMAGES) {
  for (const [what, operate, answer] of OPERATIONS) {
    Deno.test(`GitStore does ${what} in a new copy, when the old one is ${state}`, async () => {
      await using shop = await openShop();
      await damage(shop.copy);
      equal(await operate(shop), answer);
    });
  }
}

/** The files below a folder whose names match. */
async function filesBelow(folder: string, pattern: RegExp): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) found.push(...await filesBelow(path, pattern));
    else if (pattern.test(name)) found.push(path);
  }
  return found;
}

/** Everything in these files becomes the same nonsense, of the same length. */
async function blot(paths: string[]): Promise<void> {
  for (const path of paths) {
    const { size } = await Deno.stat(path);
    await Deno.remove(path);
    await Deno.writeFile(path, new Uint8Array(size).fill(7));
  }
}

async function removeAll(paths: string[]): Promise<void> {
  for (const path of paths) await Deno.remove(path);
}

const LOOSE = /^[0-9a-f]{38}$/;
const PARTS: [what: string, damage: (copy: string) => Promise<unknown>][] = [
  ["packs are nonsense", async (copy) => blot(await filesBelow(copy, /\.pack$/))],
  ["indexes are nonsense", async (copy) => blot(await filesBelow(copy, /\.idx$/))],
  ["packs are gone", async (copy) => removeAll(await filesBelow(copy, /\.pack$/))],
  ["indexes are gone", async (copy) => removeAll(await filesBelow(copy, /\.idx$/))],
  ["loose objects are nonsense", async (copy) => blot(await filesBelow(copy, LOOSE))],
  ["refs are empty", (copy) => Deno.writeTextFile(join(copy, "refs/heads/main"), "")],
  ["refs are nonsense", (copy) => Deno.writeTextFile(join(copy, "refs/heads/main"), "x\n")],
  ["packed refs are nonsense", (copy) => Deno.writeTextFile(join(copy, "packed-refs"), "x")],
  ["list of shallow commits is nonsense", (copy) => Deno.writeTextFile(join(copy, "shallow"), "x")],
  ["settings are empty", (copy) => Deno.writeTextFile(join(copy, "config"), "")],
  ["settings are nonsense", (copy) => Deno.writeTextFile(join(copy, "config"), "x[")],
  ["HEAD is empty", (copy) => Deno.writeTextFile(join(copy, "HEAD"), "")],
  ["offline side is gone", async (copy) => {
    // It is gone already, where what was done last did not need it.
    const gone = Deno.remove(join(copy, "../offline.git"), { recursive: true });
    await gone.catch((error) => ok(error instanceof Deno.errors.NotFound));
  }],
  ["objects are a file", async (copy) => {
    await Deno.remove(join(copy, "objects"), { recursive: true });
    await Deno.writeTextFile(join(copy, "objects"), "");
  }],
  ["locks were left", async (copy) => {
    for (const name of ["shallow", "config", "packed-refs", "HEAD", "refs/heads/main"]) {
      await Deno.writeTextFile(join(copy, `${name}.lock`), "");
    }
  }],
];

for (const [state, damage] of PARTS) {
  Deno.test(`GitStore does everything, however often its ${state}`, async () => {
    await using shop = await openShop();
    const { store, clock, copy } = shop;
    for (const [what, operate, answer] of OPERATIONS) {
      await damage(copy);
      clock.advance(1_000);
      equal(await operate(shop), answer, what);
    }
    await damage(copy);
    clock.advance(1_000);
    await written(store);
  });
}

/** Moves the branch, trying a second time where the first one met damage, as its callers do. */
async function written(store: GitStore): Promise<void> {
  const move = async () => {
    const expected = (await store.refs()).get(MAIN)!;
    const next = await commit(store, expected, [{ path: "d", bytes: bytes("1") }]);
    const outcomes = await store.swap([{ ref: MAIN, expected, next }], { atomic: true });
    same(outcomes.get(MAIN), { done: true });
  };
  await move().catch((error) => {
    equal(error.trouble, "damaged");
    return move();
  });
}

Deno.test("GitStore throws from a write, when the copy is damaged, and the next write works", async () => {
  await using shop = await openShop();
  const { store, tip, copy } = shop;
  await Deno.remove(copy, { recursive: true });
  const change = { path: "c", bytes: bytes("1") };
  await rejects(commit(store, tip, [change]), { trouble: "damaged" });
  const next = await commit(store, tip, [change]);
  const outcomes = await store.swap([{ ref: MAIN, expected: tip, next }], { atomic: true });
  same(outcomes.get(MAIN), { done: true });
  equal((await store.list(next, "")).length, 2);
});

Deno.test("GitStore goes on after a lock that a killed Git has left", async () => {
  await using shop = await openShop();
  const { store, copy, folder, url } = shop;
  await Deno.writeTextFile(join(copy, "refs/heads/main.lock"), "");
  await commitFiles(folder, url, { c: "1" });
  const refs = await store.refs();
  await store.fetch(refs);
  equal((await store.list(refs.get(MAIN)!, "")).length, 2);
});

Deno.test("GitStore replaces a damaged copy once, when several calls meet the damage", async () => {
  await using shop = await openShop();
  const { store, tip, copy } = shop;
  await Deno.remove(copy, { recursive: true });
  const logs = await Promise.all([1, 2, 3, 4].map(() => store.log(tip, 1)));
  same(logs.map(([{ oid }]) => oid), [tip, tip, tip, tip]);
});

Deno.test("GitStore does not make a copy again and again for what a new one cannot mend", async () => {
  await using shop = await openShop();
  const { store, tip, copy } = shop;
  const missing = "1".repeat(40);
  const expected = { message: `reading ${missing}: missing`, trouble: "damaged" };
  await rejects(store.list(missing, "a"), expected);
  const { ino } = await Deno.stat(copy);
  await rejects(store.list(missing, "a"), expected);
  equal((await Deno.stat(copy)).ino, ino);
  equal((await store.list(tip, "a")).length, 2);
});

Deno.test("GitStore heals a copy again and again, as long as that helps", async () => {
  await using shop = await openShop();
  const { store, tip, copy, clock } = shop;
  for (let round = 0; round < 5; round++) {
    await Deno.remove(copy, { recursive: true });
    equal((await store.log(tip, 1))[0].oid, tip);
    clock.advance(1_000);
  }
});

Deno.test("GitStore makes a copy more and more rarely, when the server gives out the damage", async () => {
  await using shop = await openShop();
  const { store, copy, clock } = shop;
  const mark = join(copy, "mark");
  await Deno.writeTextFile(mark, "");
  const made: number[] = [];
  for (let second = 0; second < 60; second++) {
    await rejects(store.list("1".repeat(40), "a"), { trouble: "damaged" });
    const isNew = !await Deno.stat(mark).then(() => true, () => false);
    if (isNew) made.push(second);
    await Deno.writeTextFile(mark, "");
    clock.advance(1_000);
  }
  same(made, [0, 4, 20]);
});

Deno.test("GitStore meets the damage again, when the server was away while it made a copy", async () => {
  await using shop = await openShop();
  const { store, tip, copy, url } = shop;
  await Deno.remove(copy, { recursive: true });
  await Deno.rename(url, `${url}.away`);
  await rejects(store.log(tip, 1), { trouble: "no_repository" });
  await Deno.rename(`${url}.away`, url);
  equal((await store.log(tip, 1))[0].oid, tip);
  equal((await store.list(tip, "a")).length, 2);
});

/** The time limits that are set while something is done. */
async function limitsOf(work: () => Promise<unknown>): Promise<Set<number>> {
  const original = globalThis.setTimeout;
  const seen = new Set<number>();
  const limits: number[] = Object.values(TIME_LIMITS);
  globalThis.setTimeout = ((call: () => void, delay?: number) => {
    if (delay !== undefined && limits.includes(delay)) seen.add(delay);
    return original(call, delay);
  }) as typeof setTimeout;
  try {
    await work();
  } finally {
    globalThis.setTimeout = original;
  }
  return seen;
}

Deno.test("GitStore gives each kind of command its own time", async () => {
  await using shop = await openShop();
  const { store, tip, folder, url } = shop;
  same(TIME_LIMITS, { local: 60_000, look: 30_000, transfer: 300_000, compact: 300_000 });
  same([...await limitsOf(() => store.refs())], [TIME_LIMITS.look]);
  same([...await limitsOf(() => store.log(tip, 1))], [TIME_LIMITS.local]);
  const next = await commit(store, tip, [{ path: "c", bytes: bytes("1") }]);
  const swap = () => store.swap([{ ref: MAIN, expected: tip, next }], { atomic: true });
  same([...await limitsOf(swap)], [TIME_LIMITS.transfer]);
  await commitFiles(folder, url, { d: "1" });
  const refs = await store.refs();
  same([...await limitsOf(() => store.fetch(refs))], [TIME_LIMITS.transfer]);
});
