import { deepStrictEqual as same, equal, notEqual } from "node:assert/strict";
import { dirname, join } from "@std/path";
import { isLocal, openLocalCopy } from "../../lib/git/local_copy.ts";
import { temporaryFolder } from "../support/git_server.ts";
import { ask, bytes, commit, hostOf, openWorkshop, REFSPECS } from "./workshop.ts";

Deno.test("openLocalCopy() makes a bare copy that only this user can read", async () => {
  await using shop = await openWorkshop();
  const { git, offline } = shop.copy;
  for (const side of [git, offline]) {
    const text = await side.run("asking", ["rev-parse", "--is-bare-repository"]);
    equal(new TextDecoder().decode(text), "true\n");
  }
  equal((await Deno.stat(dirname(git.folder))).mode! & 0o777, 0o700);
});

Deno.test("openLocalCopy() gives a copy that was let go once more, with what is in it", async () => {
  await using shop = await openWorkshop();
  const oid = await commit(shop.copy, [{ path: "a", bytes: bytes("1") }]);
  shop.copy.release();
  const again = await openLocalCopy(
    shop.server,
    join(shop.folder, "home"),
    REFSPECS,
    hostOf(shop.folder),
  );
  shop.copy = again;
  equal(await ask(again, "cat-file", "-t", oid), "commit");
  const config = await again.git.run("asking", ["config", "--get-all", "remote.grid.fetch"]);
  equal(new TextDecoder().decode(config), REFSPECS.join("\n") + "\n");
});

Deno.test("openLocalCopy() gives each of several at once a copy of its own", async () => {
  await using shop = await openWorkshop();
  const home = join(shop.folder, "home");
  const others = await Promise.all(
    [1, 2, 3].map(() => openLocalCopy(shop.server, home, REFSPECS, hostOf(shop.folder))),
  );
  const folders = [shop.copy, ...others].map(({ git }) => git.folder);
  equal(new Set(folders).size, 4);
  others.forEach(({ release }) => release());
});

Deno.test("openLocalCopy() does not take a copy that another process holds", async () => {
  await using shop = await openWorkshop();
  const lock = join(dirname(shop.copy.git.folder), "lock");
  shop.copy.release();
  const script = 'exec 9<>"$1"; flock --exclusive 9 || exit 1; echo held; read -r _';
  const holder = new Deno.Command("sh", {
    args: ["-c", script, "sh", lock],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const said = holder.stdout.getReader();
  equal(new TextDecoder().decode((await said.read()).value), "held\n");
  const held = shop.copy.git.folder;
  shop.copy = await openLocalCopy(
    shop.server,
    join(shop.folder, "home"),
    REFSPECS,
    hostOf(shop.folder),
  );
  notEqual(shop.copy.git.folder, held);
  await holder.stdin.close();
  await said.cancel();
  await holder.status;
});

Deno.test("openLocalCopy() keeps the copies of two addresses apart", async () => {
  await using folder = await temporaryFolder();
  const open = (url: string) => openLocalCopy(url, folder.path, [], hostOf(folder.path));
  const copies = [await open("/one"), await open("/two")];
  const bases = copies.map(({ git }) => dirname(dirname(git.folder)));
  notEqual(bases[0], bases[1]);
  copies.forEach(({ release }) => release());
});

Deno.test("openLocalCopy() has what is missing reported by offline, and not fetched", async () => {
  await using shop = await openWorkshop();
  const { git, offline } = shop.copy;
  const remotes = await Promise.all([git, offline].map((side) => side.run("asking", ["remote"])));
  same(remotes.map((text) => new TextDecoder().decode(text)), ["grid\n", ""]);
  const oid = await commit(shop.copy, [{ path: "a", bytes: bytes("1") }]);
  equal((await git.try(["cat-file", "-e", oid])).code, 0);
});

const ADDRESSES: [address: string, local: boolean][] = [
  ["/srv/grid.git", true],
  ["./grid.git", true],
  ["../grid.git", true],
  [".", true],
  ["..", true],
  ["file:///srv/grid.git", true],
  [".hidden:grid.git", false],
  ["https://example.com/grid.git", false],
  ["ssh://git@example.com/grid.git", false],
  ["git@example.com:grid.git", false],
  ["git://example.com/grid.git", false],
  ["ext::sh -c true", false],
  ["", false],
];

for (const [address, local] of ADDRESSES) {
  Deno.test(`isLocal() is ${local} for "${address}"`, () => {
    equal(isLocal(address), local);
  });
}
