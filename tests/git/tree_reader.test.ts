import { deepStrictEqual as same, equal, rejects } from "node:assert/strict";
import { join } from "@std/path";
import { ObjectReader } from "../../lib/git/object_reader.ts";
import { type PlacedEntry, TreeReader } from "../../lib/git/tree_reader.ts";
import { commitFiles, plainGit } from "../support/git_server.ts";
import { bytes, commit, openWorkshop, type Workshop } from "./workshop.ts";

const shown = (entries: Iterable<PlacedEntry>) =>
  [...entries].map(({ mode, path }) => `${mode} ${path}`).sort();

/** Everything that can stand in a tree. */
async function mixedCommit({ folder, server, copy }: Workshop): Promise<string> {
  await commitFiles(
    folder,
    server,
    { "q/x/y/deep": "1", "q/flat": "2", "other": "3" },
    async (work) => {
      await Deno.symlink("/etc/passwd", join(work, "q", "link"));
      await Deno.writeTextFile(join(work, "q", "run"), "", { mode: 0o755 });
      await plainGit(work, "add", "q");
      const sub = `160000,${"1".repeat(40)},q/sub`;
      await plainGit(work, "update-index", "--add", "--cacheinfo", sub);
    },
  );
  await copy.git.run("fetching", ["fetch", "--quiet", "grid"]);
  return (await plainGit(server, "rev-parse", "main")).trim();
}

const everywhere = () => true;

/** A reader that notes how many contents it is asked for at a time. */
function countingReader(objects: ObjectReader): { counting: ObjectReader; asked: number[] } {
  const asked: number[] = [];
  const counting = {
    info: (names: string[]) => objects.info(names),
    contents: (names: string[]) => (asked.push(names.length), objects.contents(names)),
  };
  return { counting: counting as ObjectReader, asked };
}

Deno.test("TreeReader.list() gives what is no folder, and follows neither links nor submodules", async () => {
  await using shop = await openWorkshop();
  const oid = await mixedCommit(shop);
  await using objects = new ObjectReader(shop.copy.offline);
  const trees = new TreeReader(objects);
  same(shown(await trees.list(oid, "q", everywhere)), [
    "100644 q/flat",
    "100644 q/x/y/deep",
    "100755 q/run",
    "120000 q/link",
    "160000 q/sub",
  ]);
  same(shown(await trees.list(oid, "q/x", everywhere)), ["100644 q/x/y/deep"]);
  for (const folder of ["no", "q/flat", "q/link", "q/sub", "q/link/x"]) {
    same(await trees.list(oid, folder, everywhere), []);
  }
});

Deno.test("TreeReader.find() finds by whole paths, and leaves out what is not there", async () => {
  await using shop = await openWorkshop();
  const oid = await mixedCommit(shop);
  await using objects = new ObjectReader(shop.copy.offline);
  const paths = ["other", "q/flat", "q/x", "q/x/y/deep", "q/no", "no/no", "flat", "q/link/x"];
  const found = await new TreeReader(objects).find(oid, paths);
  same([...found.keys()].sort(), ["other", "q/flat", "q/x", "q/x/y/deep"]);
  equal(found.get("q/x")?.mode, "040000");
});

Deno.test("TreeReader.diff() tells what differs, also where only the kind does", async () => {
  await using shop = await openWorkshop();
  const before = await mixedCommit(shop);
  await commitFiles(shop.folder, shop.server, { "q/x/y/deep": "2" }, async (work) => {
    await Deno.remove(join(work, "q", "link"));
    await Deno.writeTextFile(join(work, "q", "link"), "/etc/passwd");
    await Deno.chmod(join(work, "q", "run"), 0o644);
    await plainGit(work, "add", "q/link", "q/run");
  });
  await shop.copy.git.run("fetching", ["fetch", "--quiet", "grid"]);
  const after = (await plainGit(shop.server, "rev-parse", "main")).trim();
  await using objects = new ObjectReader(shop.copy.offline);
  const trees = new TreeReader(objects);
  const shownIn = async (folder: string, enter: (path: string) => boolean) =>
    (await trees.diff({ before, after }, folder, enter)).map(({ path, before, after }) =>
      `${path}: ${before?.mode}, ${after?.mode}`
    ).sort();
  const rest = ["q/link: 120000, 100644", "q/run: 100755, 100644"];
  same(await shownIn("q", everywhere), [...rest, "q/x/y/deep: 100644, 100644"]);
  same(await shownIn("q", () => false), [...rest, "q/x: 040000, 040000"]);
  same(await shownIn("q/x/y", everywhere), ["q/x/y/deep: 100644, 100644"]);
  same(await shownIn("no", everywhere), []);
  same(await shownIn("q/flat", everywhere), []);
});

Deno.test("TreeReader.diff() reads the trees that differ, and no others", async () => {
  await using shop = await openWorkshop();
  const before = await commit(shop.copy, [
    { path: "q/a/1", bytes: bytes("1") },
    { path: "q/b/1", bytes: bytes("2") },
    { path: "other/1", bytes: bytes("3") },
  ]);
  const after = await commit(shop.copy, [{ path: "q/a/2", bytes: bytes("4") }], before);
  await using objects = new ObjectReader(shop.copy.offline);
  const { counting, asked } = countingReader(objects);
  const found = await new TreeReader(counting).diff({ before, after }, "q", everywhere);
  same(found.map(({ path }) => path), ["q/a/2"]);
  // The root, `q` and `q/a`, as they are in both commits.
  equal(asked.reduce((sum, count) => sum + count, 0), 6);
  const again = countingReader(objects);
  same(await new TreeReader(again.counting).diff({ before, after }, "other", everywhere), []);
  equal(again.asked.reduce((sum, count) => sum + count, 0), 2);
});

Deno.test("TreeReader reads each tree once", async () => {
  await using shop = await openWorkshop();
  const one = await commit(shop.copy, [
    { path: "q/a/1", bytes: bytes("1") },
    { path: "q/b/1", bytes: bytes("2") },
    { path: "q/same as b/1", bytes: bytes("2") },
  ]);
  const two = await commit(shop.copy, [{ path: "q/a/2", bytes: bytes("3") }], one);
  await using objects = new ObjectReader(shop.copy.offline);
  const { counting, asked } = countingReader(objects);
  const trees = new TreeReader(counting);
  equal((await trees.list(one, "q", everywhere)).length, 3);
  same(asked.splice(0), [1, 1, 2]);
  equal((await trees.list(two, "q", everywhere)).length, 4);
  same(asked.splice(0), [1, 1, 1]);
  equal((await trees.list(one, "q", everywhere)).length, 3);
  same(asked, [0, 0, 0]);
});

Deno.test("TreeReader.list() reads a folder of 200,000 files", async () => {
  const entry = [...bytes("100644 x\0"), ...new Uint8Array(20)];
  const body = new Uint8Array(entry.length * 200_000);
  for (let at = 0; at < body.length; at += entry.length) body.set(entry, at);
  const objects = {
    info: (names: string[]) =>
      Promise.resolve(names.map(() => ({ oid: "1".repeat(40), type: "tree", size: body.length }))),
    contents: () => Promise.resolve([body]),
  };
  const found = await new TreeReader(objects as unknown as ObjectReader).list("c", "", everywhere);
  equal(found.length, 200_000);
});

Deno.test("TreeReader tells that a tree is missing", async () => {
  await using shop = await openWorkshop();
  const missing = "1".repeat(40);
  const stdin = bytes(`040000 tree ${missing}\tq\n`);
  const made = await shop.copy.offline.run("making", ["mktree", "--missing"], { stdin });
  const root = new TextDecoder().decode(made).trim();
  const objects = {
    info: (names: string[]) =>
      Promise.resolve(names.map(() => ({ oid: root, type: "tree", size: 1 }))),
    contents: (oids: string[]) => reader.contents(oids),
  };
  await using reader = new ObjectReader(shop.copy.offline);
  await rejects(new TreeReader(objects as unknown as ObjectReader).list(root, "", everywhere), {
    message: `reading tree ${missing}: missing`,
    trouble: "damaged",
  });
});

Deno.test("TreeReader tells that a commit is missing, and does not take it for empty", async () => {
  await using shop = await openWorkshop();
  const missing = "1".repeat(40);
  await using objects = new ObjectReader(shop.copy.offline);
  const trees = new TreeReader(objects);
  const expected = { message: `reading ${missing}: missing`, trouble: "damaged" };
  await rejects(trees.list(missing, "q", everywhere), expected);
  await rejects(trees.find(missing, ["q/a"]), expected);
});

Deno.test("TreeReader never takes a folder whose tree is missing here for one that does not exist", async () => {
  await using shop = await openWorkshop();
  const oid = await mixedCommit(shop);
  const older = await commit(shop.copy, [{ path: "q/x/y/deep", bytes: bytes("0") }]);
  const name = async (what: string) => (await plainGit(shop.server, "rev-parse", what)).trim();
  for (const what of ["main^{tree}", "main:q", "main:q/x"]) {
    const missing = await name(what);
    // A reader of a copy that has everything but this one tree.
    await using objects = new ObjectReader(shop.copy.offline);
    const holed = {
      info: (names: string[]) =>
        objects.info(names).then((infos) =>
          infos.map((it) => it?.oid === missing ? undefined : it)
        ),
      contents: (names: string[]) =>
        objects.contents(names).then((all) =>
          all.map((it, i) => names[i] === missing ? undefined : it)
        ),
    };
    const trees = new TreeReader(holed as ObjectReader);
    await rejects(trees.find(oid, ["q/x/y/deep"]), { name: "GitError", trouble: "damaged" });
    await rejects(trees.list(oid, "q/x", everywhere), { name: "GitError", trouble: "damaged" });
    const commits = { before: older, after: oid };
    await rejects(trees.diff(commits, "q", everywhere), { name: "GitError", trouble: "damaged" });
  }
});
