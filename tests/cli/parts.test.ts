import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { estimatePi, holdsPi } from "../../lib/cli/demo/estimate.ts";
import { exitCodeOf, explain } from "../../lib/cli/exit_code.ts";
import { makeName } from "../../lib/cli/node_identity.ts";
import { ageOf, nodeStatus } from "../../lib/cli/node_status.ts";
import { isRemote } from "../../lib/cli/open_grid.ts";
import { inOneLine, stripControls } from "../../lib/cli/printable.ts";
import { Interrupted, NoSuchThing, TaskNotSuccessful, WrongUsage } from "../../lib/cli/problems.ts";
import { table } from "../../lib/cli/table.ts";
import { splitTasks } from "../../lib/cli/split_tasks.ts";
import { makeTaskId } from "../../lib/cli/task_id.ts";
import { writeAll } from "../../lib/cli/terminal.ts";
import { GitError } from "../../lib/git/git_error.ts";
import { NoGrid } from "../../lib/ledger/ledger.ts";
import { isNodeId, isTaskId } from "../../lib/protocol/identity.ts";
import type { NodeRecord } from "../../lib/protocol/node_record.ts";
import { InvalidInput } from "../../lib/protocol/problem.ts";

Deno.test("exitCodeOf() decides by the kind of error", () => {
  const errors = [
    new Error("x"),
    new GitError("x", "unreachable", 128),
    new InvalidInput("x"),
    new WrongUsage("x"),
    new TaskNotSuccessful("x"),
    new NoSuchThing("x"),
    new Interrupted("x", "SIGINT"),
    new Interrupted("x", "SIGTERM"),
  ];
  deepStrictEqual(errors.map(exitCodeOf), [1, 1, 2, 2, 3, 4, 130, 143]);
});

Deno.test("explain() adds what to do, and leaves passwords out", () => {
  const url = "https://me:secret@example.com/x.git";
  const error = new GitError(`reading the refs: fatal: unable to access '${url}'`, "refused", 128);
  match(explain(error), /unable to access 'https:\/\/\*\*\*@example\.com\/x\.git'; check that you/);
  match(explain(new NoGrid("there is none")), /; set one up with: dgrid init$/);
  strictEqual(explain("words"), "words");
});

Deno.test("isRemote() tells URLs from paths", () => {
  const remote = ["https://example.com/x", "file:///x", "git@example.com:x.git", "host:x"];
  const paths = ["/x", "x", "./a:b", "../x", "x/y:z"];
  deepStrictEqual(remote.filter((it) => !isRemote(it)), []);
  deepStrictEqual(paths.filter(isRemote), []);
});

Deno.test("stripControls() leaves nothing that could take a screen over", () => {
  strictEqual(stripControls("a\tb\n\x1b[2Jc\r\u009b\u202ed\x07é"), "a\tb\n�[2Jc���d�é");
  strictEqual(inOneLine("a\n\r b\x1b"), "a b�");
});

Deno.test("writeAll() waits for a full pipe, and loses nothing", () => {
  const written: number[] = [];
  let calls = 0;
  writeAll({
    writeSync: (bytes) => {
      if (++calls % 2 === 1) throw new Deno.errors.WouldBlock("full");
      written.push(...bytes.subarray(0, 3));
      return Math.min(3, bytes.length);
    },
  }, "abcdefgh");
  strictEqual(new TextDecoder().decode(new Uint8Array(written)), "abcdefgh");
});

Deno.test("table() lines columns up and cuts lines", () => {
  strictEqual(table([["a", "bb", "c"], ["aaa", "b", ""]]), "a    bb  c\naaa  b");
  strictEqual(table([["abc", "def"]], 5), "abc  ");
  strictEqual(table([]), "");
});

Deno.test("makeName() makes a node id of any host name", () => {
  for (const host of ["vm", "a.b.c", "", "---", "ä", "x".repeat(300), "a_b", ".lock"]) {
    ok(isNodeId(makeName(host)), host);
  }
  match(makeName("build.example.com"), /^build-example-com-[0-9a-z]{4}$/);
});

Deno.test("makeTaskId() makes ids that begin with the time and differ", () => {
  const now = new Date("2026-04-19T14:25:01.123Z");
  const ids = new Set(Array.from({ length: 1_000 }, () => makeTaskId(now)));
  strictEqual(ids.size, 1_000);
  for (const id of ids) ok(isTaskId(id) && id.startsWith("20260419-142501-"), id);
});

Deno.test("nodeStatus() calls a node silent after three leases, unless it said goodbye", () => {
  const seen = Date.parse("2026-01-01T00:00:00Z");
  const node = (status: string) =>
    ({ status, running: ["t"], last_seen: "2026-01-01T00:00:00Z" }) as unknown as NodeRecord;
  strictEqual(nodeStatus(node("online"), 10, seen + 30_000), "online");
  strictEqual(nodeStatus(node("online"), 10, seen + 30_001), "silent");
  strictEqual(nodeStatus(node("offline"), 10, seen + 30_001), "offline");
});

Deno.test("nodeStatus() gives a node that runs nothing 24 minutes, or three leases", () => {
  const seen = Date.parse("2026-01-01T00:00:00Z");
  const node = {
    status: "online",
    running: [] as string[],
    last_seen: "2026-01-01T00:00:00Z",
  } as NodeRecord;
  strictEqual(nodeStatus(node, 10, seen + 1_440_000), "online");
  strictEqual(nodeStatus(node, 10, seen + 1_440_001), "silent");
  strictEqual(nodeStatus(node, 600, seen + 1_800_000), "online");
});

Deno.test("ageOf() speaks in units that fit", () => {
  const at = Date.parse("2026-01-01T00:00:00Z");
  const ages = [-5, 60, 300, 10_800, 864_000].map((seconds) =>
    ageOf("2026-01-01T00:00:00Z", at + seconds * 1000)
  );
  deepStrictEqual(ages, ["0 s", "60 s", "5 min", "3 h", "10 d"]);
});

Deno.test("splitTasks() reads an object, an array and lines, and says where each stands", () => {
  const split = (text: string) => splitTasks("f", new TextEncoder().encode(text));
  deepStrictEqual(split('{"a": 1}\n'), [{ place: "f", value: { a: 1 } }]);
  deepStrictEqual(split("[1, 2]"), [
    { place: "f: item 1", value: 1 },
    { place: "f: item 2", value: 2 },
  ]);
  deepStrictEqual(split('{"a":1}\n\n{"a":2}\r\n'), [
    { place: "f: line 1", value: { a: 1 } },
    { place: "f: line 3", value: { a: 2 } },
  ]);
  for (const empty of ["", " \n", "[]"]) {
    deepStrictEqual(split(empty), [{ place: "f", problem: "must hold at least one task" }]);
  }
});

Deno.test("splitTasks() takes a broken object of several lines for what it is", () => {
  const [task, ...others] = splitTasks("f", new TextEncoder().encode('{\n  "a": 1,\n}\n'));
  deepStrictEqual([task.place, others], ["f", []]);
  match((task as { problem: string }).problem, /^must be JSON \(/);
});

Deno.test("estimatePi() gives the interval of the normal approximation", () => {
  const estimate = estimatePi([{ samples: 600, inside: 480 }, { samples: 400, inside: 320 }]);
  strictEqual(estimate.pi, 3.2);
  strictEqual(estimate.samples, 1_000);
  // 1.959964 · 4 · √(0.8 · 0.2 / 1000)
  strictEqual((estimate.high - estimate.pi).toFixed(6), "0.099167");
  strictEqual((estimate.pi - estimate.low).toFixed(6), "0.099167");
  strictEqual(holdsPi(estimate), true);
  strictEqual(holdsPi(estimatePi([{ samples: 100_000, inside: 80_000 }])), false);
});
