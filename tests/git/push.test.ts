/**
 * Real pushes to a repository on disk.
 *
 * @module
 */
import {
  deepStrictEqual as same,
  doesNotMatch,
  equal,
  match,
  ok,
  rejects,
} from "node:assert/strict";
import { join } from "@std/path";
import { GitError } from "../../lib/git/git_error.ts";
import { push, type RefChange } from "../../lib/git/push.ts";
import { plainGit } from "../support/git_server.ts";
import { bytes, commit, openWorkshop, type Workshop } from "./workshop.ts";

const MAIN = "refs/heads/main";
const SHARD = "refs/dgrid/live/3";

async function withTwoCommits(
  test: (shop: Workshop, first: string, second: string) => Promise<void>,
): Promise<void> {
  await using shop = await openWorkshop();
  const first = await commit(shop.copy, [{ path: "a", bytes: bytes("1") }]);
  const second = await commit(shop.copy, [{ path: "a", bytes: bytes("2") }], first);
  await push(shop.copy.git, [{ ref: MAIN, next: first }], false);
  await test(shop, first, second);
}

async function refsOf({ server }: Workshop): Promise<Record<string, string>> {
  const format = "--format=%(refname) %(objectname)";
  const text = await plainGit(server, "for-each-ref", format);
  return Object.fromEntries(text.trim().split("\n").filter(Boolean).map((line) => line.split(" ")));
}

async function hook({ server }: Workshop, name: string, script: string): Promise<void> {
  await Deno.writeTextFile(join(server, "hooks", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

const accepts = (answers: { accepted: boolean }[]) => answers.map(({ accepted }) => accepted);

Deno.test("push() moves, makes and deletes refs whose values are as expected", () =>
  withTwoCommits(async (shop, first, second) => {
    const { git } = shop.copy;
    same(
      accepts(
        await push(git, [
          { ref: MAIN, expected: first, next: second },
          { ref: SHARD, next: first },
        ], false),
      ),
      [true, true],
    );
    same(await refsOf(shop), { [MAIN]: second, [SHARD]: first });
    same(accepts(await push(git, [{ ref: SHARD, expected: first }], false)), [true]);
    same(await refsOf(shop), { [MAIN]: second });
  }));

const LOST: [what: string, change: (first: string, second: string) => RefChange][] = [
  ["is elsewhere", (_, second) => ({ ref: MAIN, expected: second, next: second })],
  ["exists already", (_, second) => ({ ref: MAIN, next: second })],
  ["does not exist", (first, second) => ({ ref: SHARD, expected: first, next: second })],
  ["is elsewhere and shall go", (_, second) => ({ ref: MAIN, expected: second })],
];

for (const [what, change] of LOST) {
  Deno.test(`push() leaves a ref alone that ${what}`, () =>
    withTwoCommits(async (shop, first, second) => {
      const [answer] = await push(shop.copy.git, [change(first, second)], false);
      same([answer.accepted, answer.words], [false, "[rejected] (stale info)"]);
      same(await refsOf(shop), { [MAIN]: first });
    }));
}

for (const atomic of [false, true]) {
  Deno.test(`push() ${atomic ? "moves no ref" : "moves the others"}, when one lease is lost`, () =>
    withTwoCommits(async (shop, first, second) => {
      const changes = [{ ref: MAIN, next: second }, { ref: SHARD, next: second }];
      const answers = await push(shop.copy.git, changes, atomic);
      same(new Map(answers.map(({ ref, accepted }) => [ref, accepted])).get(SHARD), !atomic);
      same(await refsOf(shop), { [MAIN]: first, ...(atomic ? {} : { [SHARD]: second }) });
    }));
}

Deno.test("push() tells what the host refuses, in its words", () =>
  withTwoCommits(async (shop, first, second) => {
    await hook(
      shop,
      "update",
      "case $1 in refs/heads/*) echo this branch is protected; exit 1;; esac",
    );
    const changes = [{ ref: MAIN, expected: first, next: second }, { ref: SHARD, next: second }];
    const answers = await push(shop.copy.git, changes, false);
    const { accepted, words } = answers.find(({ ref }) => ref === MAIN)!;
    equal(accepted, false);
    match(words, /^\[remote rejected\] \(hook declined\): remote: this branch is protected/);
    doesNotMatch(words, /failed to push/);
    same(await refsOf(shop), { [MAIN]: first, [SHARD]: second });
  }));

Deno.test("push() throws, when the server breaks off before it answers", () =>
  withTwoCommits(async (shop, first, second) => {
    await hook(shop, "pre-receive", "kill -9 $PPID");
    await rejects(
      push(shop.copy.git, [{ ref: MAIN, expected: first, next: second }], false),
      (error) => {
        ok(error instanceof GitError);
        equal(error.trouble, "unreachable");
        return true;
      },
    );
  }));

Deno.test("push() throws, when the server does not know atomic pushes", () =>
  withTwoCommits(async (shop, first, second) => {
    await plainGit(shop.server, "config", "receive.advertiseAtomic", "false");
    await rejects(push(shop.copy.git, [{ ref: MAIN, expected: first, next: second }], true), {
      name: "GitError",
      trouble: "refused",
    });
    same(await refsOf(shop), { [MAIN]: first });
  }));
