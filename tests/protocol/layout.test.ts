import { deepStrictEqual as same, equal } from "node:assert/strict";
import { plainGit } from "../support/git_server.ts";
import {
  isRefPrefix,
  nodeAt,
  nodePath,
  parseQueuePath,
  queuePath,
  RefNames,
  resultPath,
  resultPaths,
  SHARD_PATHS,
} from "../../lib/protocol/layout.ts";
import { STATUSES } from "../../lib/protocol/live_state.ts";
import { PRIORITIES } from "../../lib/protocol/task.ts";

Deno.test("paths are those of the contract", () => {
  equal(queuePath("my-task-001", "high"), "tasks/queue/high/4/my-task-001.json");
  equal(nodePath("n1"), "nodes/n1.json");
  same([SHARD_PATHS.task("t"), SHARD_PATHS.spec("t"), SHARD_PATHS.result("t")], [
    "tasks/t.json",
    "specs/t.json",
    "results/t.json",
  ]);
});

for (const status of STATUSES) {
  const folder = status === "success" ? "completed" : "failed";
  Deno.test(`resultPath() puts ${status} under tasks/${folder}`, () => {
    equal(resultPath("my-task-001", status), `tasks/${folder}/4e/my-task-001.json`);
  });
}

Deno.test("resultPaths() are both places", () => {
  same(resultPaths("my-task-001"), [
    "tasks/completed/4e/my-task-001.json",
    "tasks/failed/4e/my-task-001.json",
  ]);
});

for (const priority of PRIORITIES) {
  Deno.test(`parseQueuePath() reads what queuePath() wrote for ${priority}`, () => {
    same(parseQueuePath(queuePath("my-task-001", priority)), {
      stem: "my-task-001",
      folder: { priority, shard: "4" },
    });
  });
}

Deno.test("parseQueuePath() reads the older flat layout", () => {
  same(parseQueuePath("tasks/queue/a.json"), { stem: "a" });
});

const NO_PLACE = [
  "tasks/queue",
  "tasks/queue/",
  "tasks/queue/a",
  "tasks/queue/a.txt",
  "tasks/queue/a.JSON",
  "tasks/queues/a.json",
  "xtasks/queue/a.json",
  "./tasks/queue/a.json",
  "tasks/completed/4e/a.json",
  "tasks/queue/high/a.json",
  "tasks/queue/high/4/5/a.json",
  "tasks/queue/urgent/4/a.json",
  "tasks/queue/High/4/a.json",
  "tasks/queue/__proto__/4/a.json",
  "tasks/queue/high/g/a.json",
  "tasks/queue/high/F/a.json",
  "tasks/queue/high/44/a.json",
  "tasks/queue/high//a.json",
  "tasks/queue//a.json",
  "tasks/queue/../../a.json",
  "tasks/queue/\ufffd.json",
];

for (const path of NO_PLACE) {
  Deno.test(`parseQueuePath() sees no task at ${path}`, () => {
    equal(parseQueuePath(path), undefined);
  });
}

for (const name of ["", "..", "-rf", "a b", "a\nb", "é", "x.lock", "x".repeat(65)]) {
  Deno.test(`parseQueuePath() takes no id from the name ${JSON.stringify(name)}`, () => {
    equal(parseQueuePath(`tasks/queue/high/4/${name}.json`)?.stem, undefined);
    same(parseQueuePath(`tasks/queue/${name}.json`), { stem: undefined });
  });
}

const names = new RefNames();

Deno.test("RefNames names the refs of the contract", () => {
  same([names.branch, names.shard("3"), names.node("n1")], [
    "refs/heads/main",
    "refs/dgrid/live/3",
    "refs/dgrid/nodes/n1",
  ]);
});

Deno.test("RefNames takes another branch and another prefix", () => {
  const others = new RefNames("grid", "refs/heads/dgrid");
  same([others.branch, others.shard("f"), others.node("n")], [
    "refs/heads/grid",
    "refs/heads/dgrid/live/f",
    "refs/heads/dgrid/nodes/n",
  ]);
  equal(others.shardIn("refs/dgrid/live/f"), undefined);
  same(others.followed, ["refs/heads/grid", "refs/heads/dgrid/live/*"]);
  equal(others.turn, "refs/heads/dgrid/turn");
  same(others.patterns, [...others.followed, "refs/heads/dgrid/nodes/*", others.turn]);
});

Deno.test("RefNames keeps its branch under another prefix", () => {
  const others = new RefNames("grid").under("refs/heads/dgrid");
  same([others.branch, others.prefix], ["refs/heads/grid", "refs/heads/dgrid"]);
});

Deno.test("RefNames tries a host out where nobody looks", () => {
  const ref = names.trial("x");
  equal(ref, "refs/dgrid/trials/x");
  same([names.concerns(ref), names.nodeIn(ref), names.shardIn(ref)], [false, undefined, undefined]);
});

const CLASHES = [
  ["main", "refs/heads/main"],
  ["main", "refs/heads/main/live"],
  ["main", "refs/heads"],
  ["dgrid/main", "refs/heads/dgrid"],
];

for (const [branch, prefix] of CLASHES) {
  Deno.test(`RefNames keeps ${prefix} and the branch ${branch} apart`, () => {
    equal(
      new RefNames(branch, prefix).clash,
      `must not be refs/heads/${branch}, lie above it or lie below it`,
    );
  });
}

Deno.test("RefNames lets a prefix begin as the branch does", () => {
  equal(new RefNames("main", "refs/heads/main-live").clash, undefined);
  equal(new RefNames("main-live", "refs/heads/main").clash, undefined);
});

const PREFIXES = [
  "refs/dgrid",
  "refs/heads/dgrid",
  "refs/a.b/c-d_e/9",
  "refs/heads/.a/b",
  "refs/a/.b",
  "refs/a..b",
  "refs/a.lock",
  "refs/a.lock/b",
  "refs/a.",
  "refs/a//b",
  "refs/a/",
  "refs/a b",
  "refs/a*",
  "refs/a:b",
  "refs/a^",
  "refs/a~1",
  "refs/a?",
  "refs/[a]",
  "refs/a\\b",
  "refs/a@{b",
  "refs/a\n",
];

Deno.test("isRefPrefix() takes what Git takes, of plain characters", async () => {
  for (const prefix of PREFIXES) {
    const args = ["check-ref-format", `${prefix}/live/0`];
    const isGood = await plainGit(".", ...args).then(() => true, () => false);
    equal(isRefPrefix(prefix), isGood && isGoodEnd(prefix), prefix);
  }
});

/** Git looks only at the end of the whole name, and lets slashes be. */
function isGoodEnd(prefix: string): boolean {
  return !prefix.endsWith(".") && !prefix.endsWith("/");
}

for (const prefix of ["", "refs", "refs/", "dgrid", "/refs/a", "refsx/a", "refs/-a", "refs/é"]) {
  Deno.test(`isRefPrefix() refuses ${JSON.stringify(prefix)}`, () => {
    equal(isRefPrefix(prefix), false);
  });
}

Deno.test("isRefPrefix() takes 100 characters and no more", () => {
  same([95, 96].map((length) => isRefPrefix(`refs/${"x".repeat(length)}`)), [true, false]);
});

/** What is read from a ref: the shard or the node in it; whether it is followed and concerns us. */
const REFS: [ref: string, shard?: string, node?: string, followed?: true, concerns?: true][] = [
  ["refs/heads/main", undefined, undefined, true, true],
  ["refs/dgrid/live/3", "3", undefined, true, true],
  ["refs/dgrid/nodes/n1", undefined, "n1", undefined, true],
  ["refs/dgrid/live/g"],
  ["refs/dgrid/live/33"],
  ["refs/dgrid/live/3/x"],
  ["refs/dgrid/live/"],
  ["refs/dgrid/nodes/a/b"],
  ["refs/dgrid/nodes/"],
  ["refs/heads/main/x"],
  ["refs/heads/other/refs/heads/main"],
  ["refs/x/refs/dgrid/live/3"],
];

for (const [ref, shard, node, followed = false, concerns = false] of REFS) {
  Deno.test(`RefNames reads ${ref}`, () => {
    equal(names.shardIn(ref), shard);
    equal(names.nodeIn(ref), node);
    equal(names.isFollowed(ref), followed);
    equal(names.concerns(ref), concerns);
  });
}

Deno.test("nodeAt() reads what nodePath() wrote, and nothing else", () => {
  equal(nodeAt(nodePath("n1.a")), "n1.a");
  for (const path of ["nodes/a/b.json", "nodes/n1.txt", "nodes/-.json", "x/nodes/n1.json"]) {
    equal(nodeAt(path), undefined);
  }
});
