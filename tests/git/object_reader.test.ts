import { deepStrictEqual as same, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "@std/path";
import type { Git } from "../../lib/git/git.ts";
import { GitError } from "../../lib/git/git_error.ts";
import { ObjectReader } from "../../lib/git/object_reader.ts";
import { ask, bytes, commit, openWorkshop } from "./workshop.ts";

const MISSING = "1".repeat(40);

Deno.test("ObjectReader.info() tells what names stand for, in their order", async () => {
  await using shop = await openWorkshop();
  const oid = await commit(shop.copy, [{ path: "dir/a b", bytes: bytes("hello") }]);
  const [tree, dir, blob] = await Promise.all(
    ["", "dir", "dir/a b"].map((path) => ask(shop.copy, "rev-parse", `${oid}:${path}`)),
  );
  await using reader = new ObjectReader(shop.copy.offline);
  const names = [MISSING, `${oid}:dir/a b`, "", `${oid}:dir`, `${oid}:no such`, `${oid}:`, "x 5"];
  const found = (await reader.info(names)).map((info) => info && `${info.type} ${info.oid}`);
  same(found, [
    undefined,
    `blob ${blob}`,
    undefined,
    `tree ${dir}`,
    undefined,
    `tree ${tree}`,
    undefined,
  ]);
  equal((await reader.info([blob]))[0]?.size, 5);
});

Deno.test("ObjectReader.contents() reads bodies of any size, undefined for what is not here", async () => {
  await using shop = await openWorkshop();
  const bodies = [0, 1, 65_536, 5_000_000].map((size) => new Uint8Array(size).fill(10));
  const changes = bodies.map((body, index) => ({ path: `${index}`, bytes: body }));
  const oid = await commit(shop.copy, changes);
  await using reader = new ObjectReader(shop.copy.offline);
  const names = bodies.map((_, index) => `${oid}:${index}`);
  const read = await reader.contents([names[0], MISSING, ...names.slice(1), "no such"]);
  same(read, [bodies[0], undefined, ...bodies.slice(1), undefined]);
});

Deno.test("ObjectReader asks nobody for nothing", async () => {
  await using reader = new ObjectReader({} as Git);
  same(await reader.info([]), []);
  same(await reader.contents([]), []);
});

Deno.test("ObjectReader answers requests that overlap each with its own", async () => {
  await using shop = await openWorkshop();
  const numbers = Array.from({ length: 40 }, (_, number) => number);
  const changes = numbers.map((number) => ({ path: `${number}`, bytes: bytes(`body ${number}`) }));
  const oid = await commit(shop.copy, changes);
  await using reader = new ObjectReader(shop.copy.offline);
  const read = await Promise.all(numbers.map(async (number) => {
    if (number % 3 === 0) return (await reader.info([`${oid}:${number}`]))[0]?.size;
    const [, body] = await reader.contents([MISSING, `${oid}:${number}`]);
    return new TextDecoder().decode(body);
  }));
  same(read, numbers.map((n) => n % 3 === 0 ? `body ${n}`.length : `body ${n}`));
});

Deno.test("ObjectReader writes requests while it reads answers, however many they are", async () => {
  await using shop = await openWorkshop();
  const oid = await commit(shop.copy, [{ path: "a", bytes: new Uint8Array(1_000) }]);
  await using reader = new ObjectReader(shop.copy.offline);
  const names = new Array<string>(5_000).fill(`${oid}:a`);
  const read = await reader.contents(names);
  equal(read.reduce((sum, body) => sum + body!.length, 0), 5_000_000);
});

Deno.test("ObjectReader sees what was written after it had begun", async () => {
  await using shop = await openWorkshop();
  await using reader = new ObjectReader(shop.copy.offline);
  equal((await reader.info([MISSING]))[0], undefined);
  const oid = await commit(shop.copy, [{ path: "a", bytes: bytes("late") }]);
  same((await reader.contents([`${oid}:a`]))[0], bytes("late"));
});

for (const name of ["x\ninfo y", "\n", "a\n"]) {
  Deno.test(`ObjectReader refuses the name ${JSON.stringify(name)}, which is no single line`, async () => {
    await using shop = await openWorkshop();
    const oid = await commit(shop.copy, [{ path: "a", bytes: bytes("a") }]);
    await using reader = new ObjectReader(shop.copy.offline);
    await rejects(reader.info([oid, name]), {
      name: "GitError",
      message: `reading ${JSON.stringify(name)}: an object's name is one line`,
    });
    equal((await reader.info([oid]))[0]?.oid, oid);
  });
}

Deno.test("ObjectReader fails with Git's words, when there is no repository", async () => {
  await using shop = await openWorkshop();
  await using reader = new ObjectReader(shop.copy.offline.at(join(shop.folder, "gone.git")));
  for (const _try of [1, 2]) {
    await rejects(reader.contents([MISSING]), (error) => {
      ok(error instanceof GitError);
      equal(error.trouble, "damaged");
      return true;
    });
  }
});

Deno.test("ObjectReader fails and begins anew, when its process was killed", async () => {
  await using shop = await openWorkshop();
  const oid = await commit(shop.copy, [{ path: "a", bytes: bytes("a") }]);
  const children: Deno.ChildProcess[] = [];
  const watched = {
    counters: shop.copy.git.counters,
    start: (args: string[]) => {
      children.push(shop.copy.offline.start(args));
      return children.at(-1)!;
    },
  };
  await using reader = new ObjectReader(watched as unknown as Git);
  equal((await reader.info([oid]))[0]?.oid, oid);
  children[0].kill("SIGKILL");
  await children[0].status;
  await rejects(reader.info([oid]), (error) => {
    ok(error instanceof GitError);
    match(error.message, /^reading objects: /);
    return true;
  });
  equal((await reader.info([oid]))[0]?.oid, oid);
  equal(children.length, 2);
  const { count, failed, ms } = shop.copy.git.counters.snapshot().operations["cat-file"];
  same([count, failed, ms > 0], [2, 1, true]);
});
