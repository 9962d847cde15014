import { deepStrictEqual as same, equal } from "node:assert/strict";
import {
  isNodeId,
  isTaskId,
  resultFolderOf,
  shardOf,
  SHARDS,
} from "../../lib/protocol/identity.ts";

const GOOD = ["a", "0", "_", "my-task-001", "A.b_c-9", "x".repeat(64), "a.b.c", "lock", "x.locks"];

const BAD: [why: string, id: string][] = [
  ["it is empty", ""],
  ["it has 65 characters", "x".repeat(65)],
  ["it starts with a dot", ".a"],
  ["it starts with a hyphen", "-a"],
  ["it is a dot", "."],
  ["it ends with a dot", "a."],
  ["it has two dots in a row", "a..b"],
  ["it ends with .lock", "a.lock"],
  ["it has a slash", "a/b"],
  ["it has a backslash", "a\\b"],
  ["it has a space", "a b"],
  ["it has a line's end", "a\n"],
  ["it has a NUL", "a\0"],
  ["it has a colon", "a:b"],
  ["it has a letter that is not ASCII", "é"],
  ["it has a digit that is not ASCII", "a١"],
];

for (const id of GOOD) {
  Deno.test(`isTaskId() accepts ${id.slice(0, 20)} (${id.length} characters)`, () => {
    equal(isTaskId(id), true);
    equal(isNodeId(id), true);
  });
}

for (const [why, id] of BAD) {
  Deno.test(`isTaskId() refuses an id when ${why}`, () => {
    equal(isTaskId(id), false);
    equal(isNodeId(id), false);
  });
}

/** As `printf %s <id> | sha256sum` prints them. */
const DIGESTS: [id: string, digest: string][] = [
  ["a", "ca978112"],
  ["my-task-001", "4e0a49f8"],
  ["worker-1", "13029f9e"],
  ["job.42", "63cf2edd"],
  ["_x", "a01e47cb"],
  ["Z9", "43f02fcd"],
];

for (const [id, digest] of DIGESTS) {
  Deno.test(`shardOf() and resultFolderOf() take the first digits of the SHA-256 of ${id}`, () => {
    equal(shardOf(id), digest[0]);
    equal(resultFolderOf(id), digest.slice(0, 2));
  });
}

Deno.test("shardOf() does not fold the case of an id", () => {
  equal(resultFolderOf("Z9") === resultFolderOf("z9"), false);
});

Deno.test("SHARDS are the sixteen hex digits in order", () => {
  same([...SHARDS], Array.from({ length: 16 }, (_, digit) => digit.toString(16)));
});

Deno.test("resultFolderOf() says the same of a task, however many others it was asked about", () => {
  const ids = Array.from({ length: 20_000 }, (_, index) => `task-${index}`);
  const first = ids.map(resultFolderOf);
  same(ids.map(resultFolderOf), first);
  equal(new Set(first).size, 256);
});
