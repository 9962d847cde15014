/**
 * What a host refuses is said when a worker starts. The hosts here are real repositories with the
 * settings and hooks that real hosts have.
 *
 * @module
 */
import { deepStrictEqual as same, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "@std/path";
import { checkHost, forgetHostCheck, HostRefuses, tryHost } from "../../lib/ledger/host_check.ts";
import type { Ledger } from "../../lib/ledger/ledger.ts";
import { GitGrid } from "../support/git_grid.ts";
import { plainGit } from "../support/git_server.ts";
import { MemoryGrid } from "../support/memory_grid.ts";
import { acceptBranchesOnly, countPushes } from "../support/strict_host.ts";

/** The live edge where Git's own settings forbid things: they are about branches alone. */
const ON_BRANCHES = { "dgrid.json": '{"version": 1, "ref_prefix": "refs/heads/dgrid"}' };

/** A grid, a look at it, and where its check is remembered; `configure` changes the server. */
async function at(
  grid: GitGrid,
  configure: Record<string, string> = {},
): Promise<{ ledger: Ledger; folder: string; [Symbol.asyncDispose](): PromiseLike<void> }> {
  for (const [key, value] of Object.entries(configure)) {
    await plainGit(grid.url, "config", key, value);
  }
  const ledger = await grid.open("a");
  await ledger.refresh();
  const { store } = ledger;
  return { ledger, folder: grid.folder, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}

async function trials(grid: GitGrid): Promise<string> {
  return await plainGit(grid.url, "for-each-ref", "--format=%(refname)", "refs/**/trials/**");
}

Deno.test("tryHost() finds nothing to complain of, pushes three times and leaves nothing", async () => {
  await using grid = await GitGrid.with();
  await using host = await at(grid);
  const pushes = await countPushes(grid.url);
  same(await tryHost(host.ledger), []);
  same([await pushes(), await trials(grid)], [3, ""]);
});

Deno.test("tryHost() is seen by nobody who looks meanwhile", async () => {
  const grid = await MemoryGrid.with([]);
  const { ledger, store } = await grid.look("a");
  const seen: string[][] = [];
  const { swap } = store;
  store.swap = async (changes, options) => {
    const outcomes = await swap.call(store, changes, options);
    const other = await grid.look("b");
    seen.push([...other.ledger.refs.keys()]);
    return outcomes;
  };
  same(await tryHost(ledger), []);
  same(seen, [[grid.names.branch], [grid.names.branch], [grid.names.branch]]);
});

Deno.test("tryHost() says that a host takes no forced updates", async () => {
  await using grid = await GitGrid.with(ON_BRANCHES);
  await using host = await at(grid, { "receive.denyNonFastForwards": "true" });
  same(await tryHost(host.ledger), [
    { right: "replace", words: "[remote rejected] (non-fast-forward)" },
  ]);
  equal(await trials(grid), "");
});

Deno.test("tryHost() has nothing against a host that is strict with branches alone", async () => {
  await using grid = await GitGrid.with();
  await using host = await at(grid, {
    "receive.denyNonFastForwards": "true",
    "receive.denyDeletes": "true",
  });
  same(await tryHost(host.ledger), []);
});

Deno.test("tryHost() says that a host takes no deletions, and what stays there", async () => {
  await using grid = await GitGrid.with(ON_BRANCHES);
  await using host = await at(grid, { "receive.denyDeletes": "true" });
  same(await tryHost(host.ledger), [
    { right: "delete", words: "[remote rejected] (deletion prohibited)" },
  ]);
  match(await trials(grid), /^refs\/heads\/dgrid\/trials\/[0-9a-f]{12}\n$/);
});

Deno.test("tryHost() says that a host moves no refs together", async () => {
  await using grid = await GitGrid.with();
  await using host = await at(grid, { "receive.advertiseAtomic": "false" });
  const [refusal, ...more] = await tryHost(host.ledger);
  same([refusal.right, more], ["atomic", []]);
  match(refusal.words, /does not support --atomic/);
  equal(await trials(grid), "");
});

Deno.test("tryHost() says that a host takes no refs but branches, and asks for no more", async () => {
  await using grid = await GitGrid.with();
  await using host = await at(grid);
  await acceptBranchesOnly(grid.url);
  const pushes = await countPushes(grid.url);
  const [{ right, words }, ...others] = await tryHost(host.ledger);
  same([right, others], ["create", []]);
  match(words, /^\[remote rejected\] \(hook declined\): remote: .*: only branches here/);
  equal(await pushes(), 2);
  await rejects(checkHost(host.ledger, host.folder), (error: Error) => {
    ok(error instanceof HostRefuses);
    match(
      error.message,
      /^creating a ref below refs\/dgrid: the host refuses: .*only branches here/,
    );
    match(
      error.message,
      /; set "ref_prefix" in dgrid.json to refs\/heads\/dgrid, or allow refs below refs\/dgrid in the host's settings$/,
    );
    return true;
  });
});

Deno.test("checkHost() refuses to begin where the grid could not work, and says what to do", async () => {
  await using grid = await GitGrid.with(ON_BRANCHES);
  await using host = await at(grid, { "receive.denyNonFastForwards": "true" });
  await rejects(
    checkHost(host.ledger, host.folder),
    new HostRefuses(
      "replacing a ref below refs/heads/dgrid by an unrelated commit, as each heartbeat does: the " +
        "host refuses: [remote rejected] (non-fast-forward); allow forced updates below " +
        'refs/heads/dgrid in the host\'s settings, or set "ref_prefix" in dgrid.json to refs/dgrid',
    ),
  );
});

Deno.test("checkHost() says everything that the host refuses", async () => {
  await using grid = await GitGrid.with(ON_BRANCHES);
  await using host = await at(grid, {
    "receive.denyNonFastForwards": "true",
    "receive.advertiseAtomic": "false",
  });
  await rejects(checkHost(host.ledger, host.folder), (error: Error) => {
    same(error.message.split("\n").map((line) => line.split(":")[0]), [
      "moving several refs at once, all or none, as settling does",
      "replacing a ref below refs/heads/dgrid by an unrelated commit, as each heartbeat does",
    ]);
    return true;
  });
});

Deno.test("checkHost() lets a host pass that only keeps what should go", async () => {
  await using grid = await GitGrid.with(ON_BRANCHES);
  await using host = await at(grid, { "receive.denyDeletes": "true" });
  await checkHost(host.ledger, host.folder);
  const pushes = await countPushes(grid.url);
  await checkHost(host.ledger, host.folder);
  equal(await pushes(), 0);
});

Deno.test("checkHost() asks again after a day, for another prefix, and when it is to forget", async () => {
  const day = 24 * 60 * 60 * 1000;
  const grid = await MemoryGrid.with([]);
  const { ledger, store } = await grid.look("a");
  let tries = 0;
  const { write } = store;
  store.write = <T>(work: Parameters<typeof write<T>>[0]) => {
    tries++;
    return write<T>(work);
  };
  const folder = await Deno.makeTempDir({ prefix: "dgrid-test-" });
  const file = join(folder, "host_check.json");
  const triesAfter = async (change: () => Promise<void> | void) => {
    await change();
    await checkHost(ledger, folder);
    return tries;
  };
  try {
    equal(await triesAfter(() => {}), 1);
    equal(await triesAfter(() => grid.clock.advance(day - 1)), 1);
    equal(await triesAfter(() => grid.clock.advance(1)), 2);
    equal(await triesAfter(() => grid.clock.advance(-1)), 3);
    equal(await triesAfter(() => forgetHostCheck(folder)), 4);
    equal(await triesAfter(() => Deno.writeTextFile(file, '{"version": 1')), 5);
    const other = (await Deno.readTextFile(file)).replace("refs/dgrid", "refs/other");
    equal(await triesAfter(() => Deno.writeTextFile(file, other)), 6);
    same((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name), [
      "host_check.json",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
