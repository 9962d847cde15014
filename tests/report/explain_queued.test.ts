import { deepStrictEqual as same, equal, match } from "node:assert/strict";
import { explainQueued, explainStrays, type Queued } from "../../lib/report/explain_queued.ts";
import { explainWaiting, type Waiting } from "../../lib/report/waiting.ts";
import { node, NOW, script, summary } from "./report_example.ts";

const PATH = "tasks/queue/medium/e/t.json";

function why(changed: Partial<Waiting> = {}): string[] {
  const around = { rivals: [], nodes: [node("w1")], default_image: "busybox:1", now: NOW };
  return explainWaiting({ task: summary("t"), ...around, ...changed }).why;
}

function queued(changed: Partial<Queued> = {}) {
  const file = { task_id: "t", path: PATH, blob: "1", bytes: 9, content: { task: summary("t") } };
  const around = { rivals: [], nodes: [node("w1")], default_image: "busybox:1", now: NOW };
  return explainQueued({ file, paths: [PATH], isClaimable: true, ...around, ...changed });
}

const FREE =
  "A free slot is at w1 (0 of 2 in use): it is taken at that node's next look, in its turn.";
const NEXT = "It is the next that w1 takes.";

Deno.test("explainWaiting() says that a node has a free slot and takes it next", () => {
  same(why(), [FREE, NEXT]);
});

Deno.test("explainWaiting() says until when a task waits, as it was wished or for a retry", () => {
  const task = summary("t", { not_before: "2026-01-02T05:10:00Z" });
  equal(why({ task })[0], "It must not be started before 2026-01-02T05:10:00Z, in 2 h.");
  const retryAt = "2026-01-02T03:10:09.000Z";
  equal(why({ retryAt })[0], `It must not be tried again before ${retryAt}, in 9 s.`);
  const past = summary("t", { not_before: "2026-01-02T03:10:00Z" });
  same(why({ task: past, retryAt: "2026-01-02T03:00:00Z" }), [FREE, NEXT]);
});

Deno.test("explainWaiting() says that there is no node, or none that takes tasks", () => {
  same(why({ nodes: [] }), ["No node has joined this grid yet; start one: dgrid worker."]);
  const nodes = [
    node("w1", {}, "silent"),
    node("w2", {}, "offline"),
    node("w3", {}, "draining"),
    node("w4", {}, "joining"),
  ];
  same(why({ nodes }), [
    "No node takes tasks now: w1 is silent; w2 is offline; w3 is draining; w4 is joining; " +
    "start one: dgrid worker.",
  ]);
});

const lacks: [what: string, task: Record<string, unknown>, lack: string][] = [
  ["a label", { labels: { gpu: "yes" } }, "needs the label gpu=yes"],
  ["the CPUs", { resources: { cpus: 8 } }, "needs 8 CPUs, the node has 4"],
  ["the memory", { resources: { memory_mb: 5000 } }, "needs 5000 MB, the node has 4096"],
];

for (const [what, more, lack] of lacks) {
  Deno.test(`explainWaiting() says that each node lacks ${what}`, () => {
    same(why({ task: summary("t", more), nodes: [node("w1"), node("w2")] }), [
      `No node that takes tasks now can run it: not w1, for it ${lack}; w2, for it ${lack}.`,
    ]);
  });
}

Deno.test("explainWaiting() says that no node runs scripts, and who could", () => {
  const nodes = [node("w1", { runs: ["module"] }), node("w2", {}, "silent")];
  same(why({ task: script("t"), nodes }).slice(0, 2), [
    "No node that takes tasks now can run it: not w1, for it needs a node that runs scripts.",
    "It could be run by w2, which is silent.",
  ]);
});

Deno.test("explainWaiting() says what the nodes run that could take it", () => {
  const nodes = [node("w1", { running: ["a", "b"] }), node("w2", { runs: [] })];
  same(why({ nodes }), [
    "It waits for a free slot; all nodes that could run it are full: w1 (2 of 2 in use: a, b).",
    NEXT,
  ]);
});

Deno.test("explainWaiting() names twenty of many nodes", () => {
  const nodes = Array.from(
    { length: 23 },
    (_, index) => node(`w${index}`, { running: ["a", "b"] }),
  );
  match(why({ nodes })[0], /; w19 \(2 of 2 in use: a, b\); and 3 more\.$/);
});

Deno.test("explainWaiting() counts what goes before it at the node that gets to it first", () => {
  const rivals = [
    summary("urgent", { priority: "high" }),
    summary("older", { created_at: "2020-01-01T00:00:00Z" }),
    summary("later", { priority: "low" }),
    summary("elsewhere", { priority: "critical", labels: { gpu: "yes" } }),
  ];
  const task = summary("t", { created_at: "2026-01-01T00:00:00Z" });
  const { place } = explainWaiting({
    task,
    rivals,
    nodes: [node("w1", { labels: { gpu: "yes" } }), node("w2")],
    default_image: "",
    now: NOW,
  });
  same(place, { node_id: "w2", before: 2, next: "urgent" });
  equal(why({ task, rivals })[1], "2 other tasks go before it at w1; the next is urgent.");
  equal(
    why({ task, rivals: rivals.slice(1) })[1],
    "1 other task goes before it at w1; the next is older.",
  );
});

Deno.test("explainWaiting() says which image a script needs", () => {
  equal(
    why({ task: script("t") }).at(-1),
    "It needs the image busybox:1, the grid's default; " +
      "the node's engine must have it or be able to pull it.",
  );
  equal(
    why({ task: script("t", { image: "alpine:3" }) }).at(-1),
    "It needs the image alpine:3; the node's engine must have it or be able to pull it.",
  );
});

Deno.test("explainWaiting() tells programs what each node has to do with it", () => {
  const nodes = [node("w1", { running: ["a"] }), node("w2", { runs: [] }, "silent")];
  same(
    explainWaiting({ task: summary("t"), rivals: [], nodes, default_image: "", now: NOW }).nodes,
    [
      { node_id: "w1", status: "online", running: ["a"], parallel: 2 },
      {
        node_id: "w2",
        status: "silent",
        running: [],
        parallel: 2,
        lacks: "needs a node that runs modules",
      },
    ],
  );
});

Deno.test("explainQueued() says where a task waits and how old it is", () => {
  const { state, why } = queued();
  equal(state, "queued");
  same(why, [`It is queued with priority medium (${PATH}).`, FREE, NEXT]);
  const task = summary("t", { created_at: "2026-01-02T03:00:00Z" });
  const file = { task_id: "t", path: PATH, blob: "1", bytes: 9, content: { task } };
  equal(
    queued({ file }).why[0],
    `It is queued with priority medium, made at 2026-01-02T03:00:00Z, 10 min ago (${PATH}).`,
  );
});

Deno.test("explainQueued() says that a file is no task, or that the grid's settings forbid it", () => {
  const problem = "timeout_seconds: 300: must be at most 10, the grid's max_timeout_seconds";
  const file = { task_id: "t", path: PATH, blob: "1", bytes: 9, content: { problem } };
  const { state, why } = queued({ file });
  equal(state, "invalid");
  same(why, [
    `It is no task that this grid runs: ${problem} (${PATH}).`,
    "The next worker that sees it ends it as rejected.",
  ]);
});

Deno.test("explainQueued() says that a task was filed twice", () => {
  const twin = "tasks/queue/t.json";
  equal(
    queued({ paths: [PATH, twin] }).why.at(-1),
    `It is in the queue more than once: ${PATH} counts, ${twin} is passed over.`,
  );
});

Deno.test("explainQueued() says that nobody may claim behind the settled mark", () => {
  equal(
    queued({ isClaimable: false }).why[1],
    "Nobody may claim it: its shard was settled up to a commit that is not on the branch. " +
      "Was the branch rewritten?",
  );
});

Deno.test("explainStrays() says why files are passed over", () => {
  const { state, why } = explainStrays("t", [["tasks/queue/x/t.json", "no task belongs there"]]);
  equal(state, "passed_over");
  same(why, ["tasks/queue/x/t.json is passed over: no task belongs there."]);
});
