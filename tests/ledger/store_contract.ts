/**
 * What every store must do. Each implementation runs this suite: see `store.test.ts`.
 *
 * @module
 */
import { deepStrictEqual as same, equal, ok } from "node:assert/strict";
import { RefNames } from "../../lib/protocol/layout.ts";
import type { Change, CommitOrder, Oid, Store, StoreEntry } from "../../lib/ledger/store.ts";

/** Opens a further store on the same server. */
export type OpenStore = () => Promise<Store>;

const MAIN = "refs/heads/main";
const SHARD = "refs/dgrid/live/3";
const bytes = (text: string) => new TextEncoder().encode(text);

function order(changes: Change[], parent?: Oid, message = "a change"): CommitOrder {
  const author = { name: "tester", email: "tester@example.com" };
  return { parent, message, author, time: 1_700_000_000, changes };
}

function commit(store: Store, changes: Change[], parent?: Oid, message?: string): Promise<Oid> {
  return store.write((writer) => writer.commit(order(changes, parent, message)));
}

/** Puts a first commit on a ref. */
async function begin(store: Store, ref: string, changes: Change[]): Promise<Oid> {
  const next = await commit(store, changes);
  const outcomes = await store.swap([{ ref, next }], { atomic: false });
  same(outcomes.get(ref), { done: true });
  return next;
}

async function textAt(store: Store, at: Oid, path: string): Promise<string | undefined> {
  const entry = (await store.find(at, [path])).get(path);
  const content = entry && (await store.read([entry.oid], 1000)).get(entry.oid);
  return content instanceof Uint8Array ? new TextDecoder().decode(content) : undefined;
}

/** What differs, as lines `path: kind before, kind after` in order, and each by its path. */
async function differencesOf(
  store: Store,
  commits: { before: Oid; after: Oid },
  folder: string,
  enter: (path: string) => boolean,
) {
  const found = await store.diff(commits, folder, enter);
  const kindOf = (entry?: StoreEntry) => entry?.kind ?? "none";
  const shown = found.map(({ path, before, after }) =>
    `${path}: ${kindOf(before)}, ${kindOf(after)}`
  );
  return {
    shown: shown.sort(),
    at: (path: string) => found.find((difference) => difference.path === path),
  };
}

/**
 * Registers the suite for one implementation.
 *
 * @param declare declares a test
 */
export function testStore(
  name: string,
  withServer: (test: (open: OpenStore) => Promise<void>) => Promise<void>,
  declare: (name: string, test: () => Promise<void>) => void = Deno.test,
): void {
  const test = (what: string, body: (open: OpenStore) => Promise<void>) =>
    declare(`${name}: ${what}`, () => withServer(body));

  test("refs() is empty where nothing was pushed", async (open) => {
    await using store = await open();
    equal((await store.refs()).size, 0);
  });

  test("refs() shows the branch, the shards and the nodes, and nothing else", async (open) => {
    await using store = await open();
    const oid = await begin(store, MAIN, [{ path: "a", bytes: bytes("1") }]);
    await begin(store, "refs/dgrid/nodes/n1", [{ path: "node.json", bytes: bytes("{}") }]);
    await store.swap([{ ref: "refs/heads/other", next: oid }], { atomic: false });
    same([...(await store.refs()).keys()].sort(), ["refs/dgrid/nodes/n1", MAIN]);
  });

  test("follow() makes refs(), fetch() and swap() know other refs, and forget the former", async (open) => {
    await using one = await open();
    await using two = await open();
    const first = await begin(one, MAIN, [{ path: "a", bytes: bytes("1") }]);
    const former = await begin(one, SHARD, [{ path: "a", bytes: bytes("1") }]);
    await two.fetch(await two.refs());
    const names = new RefNames("main", "refs/heads/dgrid");
    for (const store of [one, two]) await store.follow(names);
    const shard = names.shard("3");
    const expected = await begin(one, shard, [{ path: "b", bytes: bytes("1") }]);
    await two.fetch(await two.refs());
    const next = await commit(two, [{ path: "b", bytes: bytes("2") }], expected);
    const change = { ref: shard, expected, next };
    equal((await two.swap([change], { atomic: false })).get(shard)?.done, true);
    await one.fetch(await one.refs());
    equal(await textAt(one, next, "b"), "2");
    same([...await one.refs()].sort(), [[shard, next], [MAIN, first]].sort());
    await one.follow(new RefNames());
    same([...await one.refs()].sort(), [[SHARD, former], [MAIN, first]].sort());
  });

  test("swap() says what became of a ref that nobody follows", async (open) => {
    await using store = await open();
    const ref = "refs/dgrid/trials/x";
    const first = await begin(store, ref, [{ path: "a", bytes: bytes("1") }]);
    const next = await commit(store, [{ path: "a", bytes: bytes("2") }]);
    for (const change of [{ ref, next }, { ref, expected: next }]) {
      equal((await store.swap([change], { atomic: false })).get(ref)?.done, false);
    }
    const outcomes = await store.swap([{ ref, expected: first }], { atomic: false });
    equal(outcomes.get(ref)?.done, true);
  });

  test("swap() creates a ref only where it does not exist", async (open) => {
    await using store = await open();
    await begin(store, SHARD, [{ path: "a", bytes: bytes("1") }]);
    const other = await commit(store, [{ path: "a", bytes: bytes("2") }]);
    const outcome = (await store.swap([{ ref: SHARD, next: other }], { atomic: false })).get(SHARD);
    ok(outcome?.done === false);
    equal(outcome.why, "lost");
  });

  test("swap() is lost when somebody else has moved the ref, and leaves it alone", async (open) => {
    await using one = await open();
    await using two = await open();
    const first = await begin(one, SHARD, [{ path: "a", bytes: bytes("1") }]);
    await two.fetch(await two.refs());
    const mine = await commit(one, [{ path: "b", bytes: bytes("1") }], first);
    const theirs = await commit(two, [{ path: "c", bytes: bytes("1") }], first);
    const change = { ref: SHARD, expected: first };
    equal((await one.swap([{ ...change, next: mine }], { atomic: false })).get(SHARD)?.done, true);
    equal(
      (await two.swap([{ ...change, next: theirs }], { atomic: false })).get(SHARD)?.done,
      false,
    );
    equal((await two.refs()).get(SHARD), mine);
  });

  test("swap() of several refs lets each succeed or fail alone", async (open) => {
    await using store = await open();
    const first = await begin(store, MAIN, [{ path: "a", bytes: bytes("1") }]);
    const next = await commit(store, [{ path: "a", bytes: bytes("2") }], first);
    const outcomes = await store.swap([
      { ref: MAIN, next },
      { ref: SHARD, next },
    ], { atomic: false });
    same([MAIN, SHARD].map((ref) => outcomes.get(ref)?.done), [false, true]);
  });

  test("swap() does all or nothing, when it is atomic", async (open) => {
    await using store = await open();
    const first = await begin(store, MAIN, [{ path: "a", bytes: bytes("1") }]);
    const next = await commit(store, [{ path: "a", bytes: bytes("2") }], first);
    const outcomes = await store.swap([
      { ref: MAIN, expected: first, next },
      { ref: SHARD, expected: first, next },
    ], { atomic: true });
    same([...outcomes.values()].map(({ done }) => done), [false, false]);
    same([...await store.refs()], [[MAIN, first]]);
  });

  test("swap() replaces a ref by a commit without history", async (open) => {
    await using store = await open();
    const ref = "refs/dgrid/nodes/n1";
    const expected = await begin(store, ref, [{ path: "node.json", bytes: bytes("1") }]);
    const next = await commit(store, [{ path: "node.json", bytes: bytes("2") }]);
    equal((await store.swap([{ ref, expected, next }], { atomic: false })).get(ref)?.done, true);
    equal((await store.refs()).get(ref), next);
  });

  test("swap() says done when what it wants is there already", async (open) => {
    await using store = await open();
    const next = await begin(store, SHARD, [{ path: "a", bytes: bytes("1") }]);
    equal((await store.swap([{ ref: SHARD, next }], { atomic: false })).get(SHARD)?.done, true);
  });

  test("fetch() brings what others wrote, and read() its content", async (open) => {
    await using one = await open();
    await using two = await open();
    const tip = await begin(one, MAIN, [{ path: "deep/er/file", bytes: bytes("hello") }]);
    await two.fetch(await two.refs());
    equal(await textAt(two, tip, "deep/er/file"), "hello");
    const next = await commit(one, [{ path: "other", bytes: bytes("again") }], tip);
    await one.swap([{ ref: MAIN, expected: tip, next }], { atomic: false });
    await two.fetch(await two.refs());
    equal(await textAt(two, next, "other"), "again");
    equal(await textAt(two, next, "deep/er/file"), "hello");
  });

  test("list() gives the files below a folder, and nothing where there is none", async (open) => {
    await using store = await open();
    const tip = await begin(store, MAIN, [
      { path: "q/high/1", bytes: bytes("1") },
      { path: "q/2", bytes: bytes("2") },
      { path: "qq/3", bytes: bytes("3") },
    ]);
    const everywhere = () => true;
    const paths = (await store.list(tip, "q", everywhere)).map(({ path }) => path);
    same(paths.sort(), ["q/2", "q/high/1"]);
    same(await store.list(tip, "nowhere", everywhere), []);
    equal((await store.list(tip, "", everywhere)).length, 3);
  });

  test("list() looks only into the folders that it is told to", async (open) => {
    await using store = await open();
    const tip = await begin(store, MAIN, [
      { path: "q/in/deep/1", bytes: bytes("1") },
      { path: "q/in/2", bytes: bytes("2") },
      { path: "q/out/deep/3", bytes: bytes("3") },
    ]);
    const listed = await store.list(tip, "q", (path) => path === "q/in");
    same(listed.map(({ path, kind }) => `${kind} ${path}`).sort(), [
      "file q/in/2",
      "folder q/in/deep",
      "folder q/out",
    ]);
  });

  test("diff() tells what was added, changed and removed below a folder", async (open) => {
    await using store = await open();
    const before = await begin(store, MAIN, [
      { path: "q/same", bytes: bytes("1") },
      { path: "q/deep/er/same", bytes: bytes("1") },
      { path: "q/deep/er/changed", bytes: bytes("1") },
      { path: "q/deep/removed", bytes: bytes("1") },
      { path: "qq/elsewhere", bytes: bytes("1") },
    ]);
    const after = await commit(store, [
      { path: "q/added", bytes: bytes("1") },
      { path: "q/deep/er/changed", bytes: bytes("2") },
      { path: "q/deep/removed", remove: true },
      { path: "qq/elsewhere", bytes: bytes("2") },
    ], before);
    const differing = await differencesOf(store, { before, after }, "q", () => true);
    same(differing.shown, [
      "q/added: none, file",
      "q/deep/er/changed: file, file",
      "q/deep/removed: file, none",
    ]);
    const { oid } = (await store.find(after, ["q/deep/er/changed"])).get("q/deep/er/changed")!;
    equal(differing.at("q/deep/er/changed")?.after?.oid, oid);
    const back = await differencesOf(store, { before: after, after: before }, "q", () => true);
    same(back.shown, [
      "q/added: file, none",
      "q/deep/er/changed: file, file",
      "q/deep/removed: none, file",
    ]);
  });

  test("diff() shows a whole folder that came or went, and nothing where all is the same", async (open) => {
    await using store = await open();
    const none = await begin(store, MAIN, [{ path: "other", bytes: bytes("1") }]);
    const some = await commit(store, [
      { path: "q/a/1", bytes: bytes("1") },
      { path: "q/2", bytes: bytes("2") },
    ], none);
    const beside = await commit(store, [{ path: "other", bytes: bytes("2") }], some);
    const shown = async (before: Oid, after: Oid, folder: string) =>
      (await differencesOf(store, { before, after }, folder, () => true)).shown;
    same(await shown(none, some, "q"), ["q/2: none, file", "q/a/1: none, file"]);
    same(await shown(some, none, "q"), ["q/2: file, none", "q/a/1: file, none"]);
    same(await shown(some, beside, "q"), []);
    same(await shown(some, some, ""), []);
    same(await shown(none, some, "nowhere"), []);
    same(await shown(some, beside, ""), ["other: file, file"]);
  });

  test("diff() looks only into the folders that it is told to", async (open) => {
    await using store = await open();
    const before = await begin(store, MAIN, [
      { path: "q/in/deep/1", bytes: bytes("1") },
      { path: "q/in/2", bytes: bytes("1") },
      { path: "q/out/deep/3", bytes: bytes("1") },
      { path: "q/still/4", bytes: bytes("1") },
      { path: "q/gone/5", bytes: bytes("1") },
    ]);
    const after = await commit(store, [
      { path: "q/in/deep/1", bytes: bytes("2") },
      { path: "q/in/2", bytes: bytes("2") },
      { path: "q/out/deep/3", bytes: bytes("2") },
      { path: "q/out/deep/6", bytes: bytes("2") },
      { path: "q/gone/5", remove: true },
      { path: "q/new/7", bytes: bytes("2") },
    ], before);
    const commits = { before, after };
    const { shown } = await differencesOf(store, commits, "q", (path) => path === "q/in");
    same(shown, [
      "q/gone: folder, none",
      "q/in/2: file, file",
      "q/in/deep: folder, folder",
      "q/new: none, folder",
      "q/out: folder, folder",
    ]);
  });

  test("diff() tells of a file that became a folder", async (open) => {
    await using store = await open();
    const before = await begin(store, MAIN, [{ path: "q/x", bytes: bytes("1") }]);
    const after = await commit(store, [
      { path: "q/x", remove: true },
      { path: "q/x/y", bytes: bytes("1") },
    ], before);
    const shown = async (before: Oid, after: Oid, enter: boolean) =>
      (await differencesOf(store, { before, after }, "q", () => enter)).shown;
    same(await shown(before, after, true), ["q/x/y: none, file", "q/x: file, none"]);
    same(await shown(before, after, false), ["q/x: file, folder"]);
    same(await shown(after, before, false), ["q/x: folder, file"]);
  });

  test("diff() knows commits that others wrote", async (open) => {
    await using one = await open();
    await using two = await open();
    const before = await begin(one, MAIN, [{ path: "q/1", bytes: bytes("1") }]);
    await two.fetch(await two.refs());
    const after = await commit(one, [{ path: "q/2", bytes: bytes("2") }], before);
    await one.swap([{ ref: MAIN, expected: before, next: after }], { atomic: false });
    await two.fetch(await two.refs());
    const { shown } = await differencesOf(two, { before, after }, "q", () => true);
    same(shown, ["q/2: none, file"]);
  });

  test("read() says the size of what is larger than asked for", async (open) => {
    await using one = await open();
    await using two = await open();
    const tip = await begin(one, MAIN, [{ path: "a", bytes: new Uint8Array(2000) }]);
    await two.fetch(await two.refs());
    const { oid } = (await two.find(tip, ["a"])).get("a")!;
    same((await two.read([oid], 1999)).get(oid), { tooLarge: 2000 });
    equal(((await two.read([oid], 2000)).get(oid) as Uint8Array).length, 2000);
  });

  test("a commit can remove files, and remove what is not there", async (open) => {
    await using store = await open();
    const tip = await begin(store, MAIN, [
      { path: "a/x y", bytes: bytes("1") },
      { path: 'a/"z"', bytes: bytes("1") },
    ]);
    const next = await commit(store, [
      { path: "a/x y", remove: true },
      { path: "no/such", remove: true },
    ], tip);
    same((await store.list(next, "", () => true)).map(({ path }) => path), ['a/"z"']);
  });

  test("a commit can take a file that it has only seen by name from another commit", async (open) => {
    await using one = await open();
    await using two = await open();
    const shard = await begin(one, SHARD, [{ path: "results/t.json", bytes: bytes("result") }]);
    const main = await begin(one, MAIN, [{ path: "a", bytes: bytes("1") }]);
    await two.fetch(await two.refs());
    const next = await commit(two, [
      { path: "tasks/completed/aa/t.json", copyOf: { commit: shard, path: "results/t.json" } },
    ], main);
    const moved = await two.swap([{ ref: MAIN, expected: main, next }], { atomic: true });
    equal(moved.get(MAIN)?.done, true);
    await one.fetch(await one.refs());
    equal(await textAt(one, next, "tasks/completed/aa/t.json"), "result");
    same((await one.list(next, "", () => true)).map(({ path }) => path), [
      "a",
      "tasks/completed/aa/t.json",
    ]);
  });

  test("a commit can place contents that were kept before it in the same work", async (open) => {
    await using one = await open();
    const memory = bytes("first");
    const next = await one.write(async (writer) => {
      const first = await writer.keep(memory);
      memory.set(bytes("again"));
      const second = await writer.keep(memory);
      return await writer.commit(order([
        { path: "a", blob: first },
        { path: "b/c", blob: second },
        { path: "d", blob: first },
      ]));
    });
    await one.swap([{ ref: MAIN, next }], { atomic: false });
    await using two = await open();
    await two.fetch(await two.refs());
    const texts = await Promise.all(["a", "b/c", "d"].map((path) => textAt(two, next, path)));
    same(texts, ["first", "again", "first"]);
  });

  test("a commit can place a content that was read before", async (open) => {
    await using store = await open();
    const tip = await begin(store, MAIN, [{ path: "a", bytes: bytes("text") }]);
    const { oid } = (await store.find(tip, ["a"])).get("a")!;
    const next = await commit(store, [{ path: "b", blob: oid }], tip);
    equal(await textAt(store, next, "b"), "text");
  });

  test("contains() knows the history that is here", async (open) => {
    await using store = await open();
    const first = await begin(store, MAIN, [{ path: "a", bytes: bytes("1") }]);
    const second = await commit(store, [{ path: "a", bytes: bytes("2") }], first);
    const beside = await commit(store, [{ path: "a", bytes: bytes("3") }], first);
    equal(await store.contains(second, first), true);
    equal(await store.contains(second, second), true);
    equal(await store.contains(second, beside), false);
    equal(await store.contains(second, "1".repeat(40)), false);
    equal(await store.contains(second, "1".repeat(40), { thorough: true }), false);
  });

  test("contains() finds what is older than what was fetched, when it is thorough", async (open) => {
    await using one = await open();
    await using two = await open();
    const first = await begin(one, MAIN, [{ path: "a", bytes: bytes("1") }]);
    let tip = first;
    for (const text of ["2", "3", "4"]) {
      const next = await commit(one, [{ path: "a", bytes: bytes(text) }], tip);
      await one.swap([{ ref: MAIN, expected: tip, next }], { atomic: false });
      tip = next;
    }
    await two.fetch(await two.refs());
    equal(await two.contains(tip, first, { thorough: true }), true);
    const newer = await commit(one, [{ path: "a", bytes: bytes("5") }], tip);
    await one.swap([{ ref: MAIN, expected: tip, next: newer }], { atomic: false });
    equal(await two.contains(tip, newer, { thorough: true }), false);
  });

  test("log() gives the newest commits first", async (open) => {
    await using store = await open();
    const first = await begin(store, MAIN, [{ path: "a", bytes: bytes("1") }]);
    const next = await commit(store, [{ path: "a", bytes: bytes("2") }], first, "second\n\nmore");
    same((await store.log(next, 5)).map(({ subject }) => subject), ["second", "a change"]);
    equal((await store.log(next, 1)).length, 1);
  });

  test("history() tells which commits changed some files, by whom and how", async (open) => {
    await using store = await open();
    const path = 'a "b"/c d.json';
    const first = await begin(store, SHARD, [{ path: "other", bytes: bytes("1") }]);
    const added = await commit(store, [{ path, bytes: bytes("1") }], first, "add\n\nmore");
    const beside = await commit(store, [{ path: "other", bytes: bytes("2") }], added);
    const changed = await commit(
      store,
      [
        { path, bytes: bytes("2") },
        { path: "e", bytes: bytes("3") },
      ],
      beside,
      "change",
    );
    const removed = await commit(store, [{ path, remove: true }], changed, "remove");
    await store.swap([{ ref: SHARD, expected: first, next: removed }], { atomic: false });
    const oidAt = async (at: Oid, path: string) => (await store.find(at, [path])).get(path)!.oid;
    const [one, two] = [await oidAt(added, path), await oidAt(changed, path)];
    const { commits, isWhole } = await store.history({ ref: SHARD, commit: removed }, [path, "e"]);
    const by = { author: { name: "tester", email: "tester@example.com" }, time: 1_700_000_000 };
    equal(isWhole, true);
    same(commits, [
      {
        ...by,
        oid: removed,
        subject: "remove",
        changes: [{ path, before: two, after: undefined }],
      },
      {
        ...by,
        oid: changed,
        subject: "change",
        changes: [
          { path, before: one, after: two },
          { path: "e", before: undefined, after: await oidAt(changed, "e") },
        ],
      },
      { ...by, oid: added, subject: "add", changes: [{ path, before: undefined, after: one }] },
    ]);
    same(await store.history({ ref: SHARD, commit: removed }, ["none"]), {
      commits: [],
      isWhole: true,
    });
  });

  test("history() finds what is older than what was fetched, and ends where told", async (open) => {
    await using one = await open();
    await using two = await open();
    let tip = await begin(one, MAIN, [{ path: "a", bytes: bytes("0") }]);
    const all = [tip];
    for (let number = 1; number < 150; number++) {
      const path = number === 100 ? "b" : "a";
      tip = await commit(one, [{ path, bytes: bytes(String(number)) }], tip);
      all.push(tip);
    }
    await one.swap([{ ref: MAIN, expected: all[0], next: tip }], { atomic: false });
    await two.fetch(await two.refs());
    // Its commits are here without their trees then.
    equal(await two.contains(tip, all[149 - 60], { thorough: true }), true);
    const soon = await two.history({ ref: MAIN, commit: tip }, ["b"], (found) => found.length > 0);
    same(soon.commits.map(({ oid }) => oid), [all[100]]);
    const { commits, isWhole } = await two.history({ ref: MAIN, commit: tip }, ["a"]);
    equal(isWhole, true);
    same(commits.map(({ oid }) => oid), all.filter((_, at) => at !== 100).reverse());
    equal(commits.at(-1)!.changes[0].before, undefined);
  });
}
