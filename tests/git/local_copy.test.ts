import { deepStrictEqual as same, equal, notEqual, rejects } from "node:assert/strict";
import { dirname, join } from "@std/path";
import { isLocal, type LocalCopy, openLocalCopy } from "../../lib/git/local_copy.ts";
import { commitFiles, temporaryFolder } from "../support/git_server.ts";
import { ask, bytes, commit, hostOf, openWorkshop, REFSPECS, type Workshop } from "./workshop.ts";

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

/** Lets the copy go and opens it again, as the next process does. */
async function reopen(shop: Workshop): Promise<LocalCopy> {
  shop.copy.release();
  const home = join(shop.folder, "home");
  shop.copy = await openLocalCopy(shop.server, home, REFSPECS, hostOf(shop.folder));
  return shop.copy;
}

/** A copy with the branch in it. */
async function openFilledWorkshop(): Promise<Workshop> {
  const shop = await openWorkshop();
  await commitFiles(shop.folder, shop.server, { a: "1" });
  await shop.copy.git.run("fetching", ["fetch", "--quiet", "--filter=blob:none", "grid"]);
  return shop;
}

const LOCKS = [
  "config.lock",
  "shallow.lock",
  "HEAD.lock",
  "packed-refs.lock",
  "refs/heads/main.lock",
  "hooks/deep/any.lock",
];

Deno.test("openLocalCopy() removes the locks that a killed Git has left, and keeps the copy", async () => {
  await using shop = await openFilledWorkshop();
  const { git, offline } = shop.copy;
  const tip = await git.run("asking", ["rev-parse", "main"]);
  const locks = [git, offline].flatMap(({ folder }) => LOCKS.map((name) => join(folder, name)));
  for (const lock of locks) {
    await Deno.mkdir(dirname(lock), { recursive: true });
    await Deno.writeTextFile(lock, "");
  }
  await reopen(shop);
  for (const lock of locks) await rejects(Deno.stat(lock), Deno.errors.NotFound);
  await Deno.stat(join(dirname(git.folder), "lock"));
  same(await git.run("asking", ["rev-parse", "main"]), tip);
  await commitFiles(shop.folder, shop.server, { a: "2" });
  await git.run("fetching", ["fetch", "--quiet", "--depth=1", "grid"]);
});

/** Changes what is in the first file whose name ends so. */
async function spoil(folder: string, end: string, length: number): Promise<void> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  const path = join(folder, names.find((name) => name.endsWith(end))!);
  await Deno.chmod(path, 0o600);
  await Deno.truncate(path, length);
}

const DAMAGES: [what: string, damage: (copy: string) => Promise<void>][] = [
  ["an empty ref", (copy) => Deno.writeTextFile(join(copy, "refs/heads/main"), "")],
  ["an empty HEAD", (copy) => Deno.writeTextFile(join(copy, "HEAD"), "")],
  ["broken settings", (copy) => Deno.writeTextFile(join(copy, "config"), "x[")],
  ["broken packed refs", (copy) => Deno.writeTextFile(join(copy, "packed-refs"), "x")],
  ["a pack that is cut off", (copy) => spoil(join(copy, "objects/pack"), ".pack", 40)],
  ["an empty index of a pack", (copy) => spoil(join(copy, "objects/pack"), ".idx", 0)],
  ["no objects", (copy) => Deno.remove(join(copy, "objects"), { recursive: true })],
  ["no copy", (copy) => Deno.remove(copy, { recursive: true })],
  ["no offline side", (copy) => Deno.remove(join(copy, "../offline.git"), { recursive: true })],
  ["a file in its place", async (copy) => {
    await Deno.remove(copy, { recursive: true });
    await Deno.writeTextFile(copy, "");
  }],
];

for (const [what, damage] of DAMAGES) {
  Deno.test(`openLocalCopy() makes a copy again that has ${what}`, async () => {
    await using shop = await openFilledWorkshop();
    const { git } = shop.copy;
    await damage(git.folder);
    const again = await reopen(shop);
    same([again.git.folder, again.packs], [git.folder, 0]);
    equal(await ask({ ...again, offline: again.git }, "for-each-ref"), "");
    await again.git.run("fetching", ["fetch", "--quiet", "grid"]);
    const oid = await commit(again, [{ path: "b", bytes: bytes("1") }]);
    equal(await ask(again, "cat-file", "-t", oid), "commit");
  });
}

Deno.test("openLocalCopy() lets the lock go, when it fails", async () => {
  await using folder = await temporaryFolder();
  const host = { PATH: folder.path };
  const failing = () => openLocalCopy("/one", folder.path, [], host);
  await rejects(failing(), { name: "ProgramMissing" });
  const { git, release } = await openLocalCopy("/one", folder.path, [], hostOf(folder.path));
  equal(git.folder.endsWith("/0/copy.git"), true);
  release();
});

/** An ssh that notes how it was called and reaches nobody. */
async function fakeSsh(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  await Deno.writeTextFile(path, `#!/bin/sh\necho "$@" > '${path}.log'\nexit 1\n`, { mode: 0o755 });
  return path;
}

const SSH_CHOICES: [what: string, chosen: string, host: (own: string) => Record<string, string>][] =
  [
    ["core.sshCommand", "configured", () => ({})],
    ["GIT_SSH_COMMAND before core.sshCommand", "own", (own) => ({ GIT_SSH_COMMAND: own })],
    ["core.sshCommand before GIT_SSH", "configured", (own) => ({ GIT_SSH: own })],
  ];

for (const [what, chosen, more] of SSH_CHOICES) {
  Deno.test(`openLocalCopy() has Git use the user's ${what}`, async () => {
    await using folder = await temporaryFolder();
    const configured = await fakeSsh(folder.path, "configured");
    const own = await fakeSsh(folder.path, "own");
    const settings = `[core]\n\tsshCommand = ${configured} -v\n`;
    await Deno.writeTextFile(join(folder.path, ".gitconfig"), settings);
    const host = { ...hostOf(folder.path), ...more(own) };
    const { git, release } = await openLocalCopy("ssh://h/x", join(folder.path, "home"), [], host);
    equal((await git.try(["ls-remote", "grid"])).code, 128);
    release();
    const names = (await Array.fromAsync(Deno.readDir(folder.path))).map(({ name }) => name);
    same(names.filter((name) => name.endsWith(".log")), [`${chosen}.log`]);
  });
}

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
