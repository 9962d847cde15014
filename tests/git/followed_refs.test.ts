import { deepStrictEqual as same } from "node:assert/strict";
import { Mirror } from "../../lib/git/mirror.ts";
import { ask, bytes, commit, openWorkshop, REFSPECS } from "./workshop.ts";

const OTHERS = ["+refs/heads/main:refs/heads/main", "+refs/heads/dgrid/*:refs/heads/dgrid/*"];

Deno.test("follow() is for a new copy in the same place, too", async () => {
  await using shop = await openWorkshop();
  const followed = async () => {
    const { git } = shop.copy;
    const listed = await git.run("asking", ["config", "--get-all", "remote.grid.fetch"]);
    return new TextDecoder().decode(listed).trim().split("\n");
  };
  same(await followed(), REFSPECS);
  await shop.copy.follow(OTHERS);
  same(await followed(), OTHERS);
  shop.copy = await shop.copy.makeAgain("sha1");
  same(await followed(), OTHERS);
});

Deno.test("keepOnly() takes away what nobody follows, and leaves the rest", async () => {
  await using shop = await openWorkshop();
  const { git } = shop.copy;
  const oid = await commit(shop.copy, [{ path: "a", bytes: bytes("1") }]);
  const refs = ["refs/dgrid/live/0", "refs/dgrid/live/1", "refs/heads/main"];
  for (const ref of refs) await git.run("writing a ref", ["update-ref", ref, oid]);
  const mirror = new Mirror(shop.copy);
  await mirror.keepOnly((ref) => ref.startsWith("refs/heads/"));
  await mirror.keepOnly((ref) => ref.startsWith("refs/heads/"));
  const here = { ...shop.copy, offline: git };
  same(await ask(here, "for-each-ref", "--format=%(refname)"), "refs/heads/main");
});

Deno.test("keepOnly() lets what it took away be brought again", async () => {
  await using shop = await openWorkshop();
  const { git } = shop.copy;
  const oid = await commit(shop.copy, [{ path: "a", bytes: bytes("1") }]);
  await git.run("pushing", ["push", "--quiet", "grid", `${oid}:refs/dgrid/live/0`]);
  const mirror = new Mirror(shop.copy);
  const fetch = () => mirror.fetchTips([["refs/dgrid/live/0", oid]], () => true, () => "blob:none");
  await fetch();
  await mirror.keepOnly(() => false);
  await fetch();
  const here = { ...shop.copy, offline: git };
  same(await ask(here, "for-each-ref", "--format=%(refname)"), "refs/dgrid/live/0");
});
