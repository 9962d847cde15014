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

Deno.test("TreeReader reads each tree once", async () => {
  await using shop = await openWorkshop();
  const one = await commit(shop.copy, [
    { path: "q/a/1", bytes: bytes("1") },
    { path: "q/b/1", bytes: bytes("2") },
    { path: "q/same as b/1", bytes: bytes("2") },
  ]);
  const two = await commit(shop.copy, [{ path: "q/a/2", bytes: bytes("3") }], one);
  await using objects = new ObjectReader(shop.copy.offline);
  const asked: number[] = [];
  const counting = {
    info: (names: string[]) => objects.info(names),
    contents: (names: string[]) => (asked.push(names.length), objects.contents(names)),
  };
  const trees = new TreeReader(counting as ObjectReader);
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
  }
});
