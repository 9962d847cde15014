import { deepStrictEqual as same, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "@std/path";
import { FastImport, type TreeChange } from "../../lib/git/fast_import.ts";
import { GitError } from "../../lib/git/git_error.ts";
import { ask, bytes, commit, openWorkshop, type Workshop } from "./workshop.ts";

const order = {
  message: "m",
  author: { name: "tester", email: "tester@example.com" },
  time: 1_700_000_000,
  changes: [] as TreeChange[],
};
const file = (path: string, text = "x"): TreeChange => ({ path, bytes: bytes(text) });

/** The paths in a commit, whatever is in their names. */
async function pathsIn({ copy }: Workshop, oid: string): Promise<string[]> {
  return (await ask(copy, "ls-tree", "-r", "-z", "--name-only", oid)).split("\0").slice(0, -1);
}

const ODD_PATHS = [
  "with space",
  " in/front",
  'quo"te',
  '"quoted"',
  "back\\slash",
  "back\\nslash",
  "tab\tulator",
  "line\nend",
  "return\r",
  "accént/日本/🙂",
  "-rf",
  "M 100644 inline x",
  "tasks/queue/high/4/my-task-001.json",
];

for (const path of ODD_PATHS) {
  Deno.test(`FastImport writes, copies and removes the path ${JSON.stringify(path)}`, async () => {
    await using shop = await openWorkshop();
    const first = await commit(shop.copy, [file(path, "content"), file("other")]);
    same(await pathsIn(shop, first), [path, "other"].toSorted(byBytes));
    const folder = await ask(
      shop.copy,
      "rev-parse",
      `${first}:${path.split("/").slice(0, -1).join("/")}`,
    );
    const name = path.split("/").at(-1)!;
    const copied = await commit(shop.copy, [{ path: "copy", folder, name }], first);
    equal(await ask(shop.copy, "show", `${copied}:copy`), "content");
    const removed = await commit(shop.copy, [{ path, remove: true }], copied);
    same(await pathsIn(shop, removed), ["copy", "other"]);
  });
}

function byBytes(a: string, b: string): number {
  return bytes(a).toHex() < bytes(b).toHex() ? -1 : 1;
}

const REFUSED: [change: TreeChange, part: string][] = [
  [file(""), ""],
  [file("/abs"), ""],
  [file("a//b"), ""],
  [file("a/"), ""],
  [file("a/../b"), ".."],
  [file("./a"), "."],
  [file("a/.git/config"), ".git"],
  [file(".GIT/config"), ".GIT"],
  [file("a\0b/c"), "a\0b"],
  [file(".dgrid-mount/0"), ".dgrid-mount"],
  [{ path: "a/..", remove: true }, ".."],
  [{ path: "a/.git", blob: "1".repeat(40) }, ".git"],
  [{ path: "a", folder: "1".repeat(40), name: ".." }, ".."],
];

for (const [change, part] of REFUSED) {
  const path = JSON.stringify(change.path);
  Deno.test(`FastImport refuses the path ${path} with the part ${JSON.stringify(part)}, before it writes`, async () => {
    await using shop = await openWorkshop();
    const session = new FastImport(shop.copy.offline);
    await rejects(session.commit({ ...order, changes: [file("good"), change] }), (error) => {
      ok(error instanceof GitError);
      const words = `the path ${path} must not have the part ${JSON.stringify(part)}`;
      same([error.message, error.trouble], [`writing commits: ${words}`, "failed"]);
      return true;
    });
    // The import is as it was, so the next commit is made.
    const oid = await session.commit({ ...order, changes: [file("good")] });
    await session.finish();
    same(await pathsIn(shop, oid), ["good"]);
  });
}

Deno.test("FastImport takes a commit of the same import as a parent", async () => {
  await using shop = await openWorkshop();
  const session = new FastImport(shop.copy.offline);
  const first = await session.commit({ ...order, changes: [file("a/1"), file("b")] });
  const second = await session.commit({ ...order, parent: first, changes: [file("a/2")] });
  const beside = await session.commit({ ...order, parent: first, changes: [file("c")] });
  await session.finish();
  same(await pathsIn(shop, second), ["a/1", "a/2", "b"]);
  same(await pathsIn(shop, beside), ["a/1", "b", "c"]);
  equal(await ask(shop.copy, "rev-parse", `${beside}^`), first);
});

Deno.test("FastImport makes commits with their parents, authors, times and messages", async () => {
  await using shop = await openWorkshop();
  const first = await commit(shop.copy, [file("a")]);
  const session = new FastImport(shop.copy.offline);
  const author = { name: "né\n<x>", email: "e>@\0x" };
  const message = "line 1\n\nline 2 é\ncommit refs/heads/evil\n";
  const second = await session.commit({ ...order, author, message, parent: first, changes: [] });
  const third = await session.commit({ ...order, author: { name: " ", email: "" } });
  await session.finish();
  const show = (oid: string) => ask(shop.copy, "log", "-1", "--format=%P|%an|%ae|%at|%ct|%B", oid);
  equal(await show(first), "|tester|tester@example.com|1700000000|1700000000|m");
  equal(await show(second), `${first}|né  x|e @ x|1700000000|1700000000|${message.trimEnd()}\n`);
  equal(await show(third), "|unknown|unknown|1700000000|1700000000|m");
});

Deno.test("FastImport keeps content as it is, whatever bytes it has", async () => {
  await using shop = await openWorkshop();
  const content = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
  const oid = await commit(shop.copy, [{ path: "a", bytes: content }, file("b", "")]);
  const back = await shop.copy.offline.run("reading", ["cat-file", "blob", `${oid}:a`]);
  same(new Uint8Array(back), content);
  equal(await ask(shop.copy, "cat-file", "-s", `${oid}:b`), "0");
});

Deno.test("FastImport places a blob by its id, and many files of several folders", async () => {
  await using shop = await openWorkshop();
  const first = await commit(shop.copy, [
    file("x/1", "one"),
    file("x/2", "two"),
    file("y/1", "why"),
  ]);
  const oidOf = (name: string) => ask(shop.copy, "rev-parse", `${first}:${name}`);
  const [x, y, blob] = await Promise.all(["x", "y", "x/2"].map(oidOf));
  const placed = await commit(shop.copy, [
    { path: "a", folder: x, name: "1" },
    { path: "b", folder: y, name: "1" },
    { path: "c", folder: x, name: "2" },
    { path: "d", blob },
  ], first);
  same(await pathsIn(shop, placed), ["a", "b", "c", "d", "x/1", "x/2", "y/1"]);
  same(
    await Promise.all(
      ["a", "b", "c", "d"].map((name) => ask(shop.copy, "show", `${placed}:${name}`)),
    ),
    [
      "one",
      "why",
      "two",
      "two",
    ],
  );
});

Deno.test("FastImport copies a file whose content is not here", async () => {
  await using shop = await openWorkshop();
  const missing = "1".repeat(40);
  const stdin = bytes(`100644 blob ${missing}\tgone\n`);
  const made = await shop.copy.offline.run("making", ["mktree", "--missing"], { stdin });
  const folder = new TextDecoder().decode(made).trim();
  const oid = await commit(shop.copy, [{ path: "kept", folder, name: "gone" }]);
  equal(await ask(shop.copy, "ls-tree", oid), `100644 blob ${missing}\tkept`);
});

Deno.test("FastImport leaves no ref behind", async () => {
  await using shop = await openWorkshop();
  await commit(shop.copy, [file("a")]);
  equal(await ask(shop.copy, "for-each-ref"), "");
});

const IMPOSSIBLE: [what: string, change: TreeChange, words: RegExp][] = [
  ["a blob that is not here", { path: "a", blob: "1".repeat(40) }, /Blob not found/],
  ["a folder that is not here", { path: "a", folder: "1".repeat(40), name: "x" }, /fatal: /],
  [
    "a file that is not in the folder",
    { path: "a", folder: "4b825dc642cb6eb9a060e54bf8d69288fbee4904", name: "x" },
    /Path \.dgrid-mount\/0\/x not in branch/,
  ],
];

for (const [what, change, words] of IMPOSSIBLE) {
  Deno.test(`FastImport.abort() lets the reason stand, when a commit names ${what}`, async () => {
    await using shop = await openWorkshop();
    await rejects(commit(shop.copy, [change]), (error) => {
      ok(error instanceof GitError);
      equal(error.trouble, "damaged");
      match(error.message, words);
      return true;
    });
  });
}

Deno.test("FastImport.abort() keeps no commit, and the next import works", async () => {
  await using shop = await openWorkshop();
  const session = new FastImport(shop.copy.offline);
  const oid = await session.commit({ ...order, changes: [file("a")] });
  await session.abort();
  await rejects(ask(shop.copy, "cat-file", "-e", oid), GitError);
  equal(await ask(shop.copy, "for-each-ref"), "");
  equal(await commit(shop.copy, [file("a")]), oid);
});

Deno.test("FastImport.abort() after finish() does nothing", async () => {
  await using shop = await openWorkshop();
  const session = new FastImport(shop.copy.offline);
  const oid = await session.commit({ ...order, changes: [file("a")] });
  await session.finish();
  await session.abort();
  equal(await ask(shop.copy, "cat-file", "-t", oid), "commit");
});

Deno.test("FastImport tells that the local copy is gone", async () => {
  await using shop = await openWorkshop();
  const session = new FastImport(shop.copy.offline.at(join(shop.folder, "gone.git")));
  await rejects(session.commit(order), (error) => {
    ok(error instanceof GitError);
    match(error.message, /^writing commits: fatal: not a git repository/);
    return true;
  });
  await session.abort();
});
