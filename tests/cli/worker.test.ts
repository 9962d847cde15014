import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { resultPath } from "../../lib/protocol/layout.ts";
import { Lines, Playground } from "../support/playground.ts";

const WORK = ["worker", "--exit-when-idle", "--executor=sandbox", "--poll-interval=0.1"];
const MULTIPLY = "export default ({ a, b }) => { console.log('working'); return a * b; }";
const FAIL = "export default () => { throw new Error('no way'); }";
const NEVER = "export default () => new Promise(() => setInterval(() => {}, 1000))";

Deno.test("modules go from submit through a worker to result, status, list and nodes", async () => {
  await using place = await Playground.withGrid();
  await place.write("good.js", MULTIPLY);
  await place.write("bad.js", FAIL);
  await place.run(["submit", "--module=good.js", '--input={"a":6,"b":7}', "--id=good"]);
  await place.run(["submit", "--module=bad.js", "--id=bad"]);
  await place.run(["submit", "--script=true", "--id=script"]);

  const early = await place.run(["result", "good"]);
  deepStrictEqual([early.code, early.stdout], [1, ""]);
  match(
    early.stderr,
    /^dgrid: reading the result of good: it is queued; wait for it with --wait\n$/,
  );

  const worked = await place.run([...WORK, "--node-id=n1", "--label=zone=a"]);
  deepStrictEqual([worked.code, worked.stdout], [0, ""], worked.stderr);

  const good = await place.run(["result", "good", "--wait"]);
  deepStrictEqual([good.code, good.stdout], [0, "working\n42\n"]);
  match(good.stderr, /^good: success on n1 after \d+\.\d s\n$/);
  const bad = await place.run(["result", "bad"]);
  strictEqual(bad.code, 3);
  match(bad.stderr, /dgrid: bad: failed.* on n1 after .*no way/s);
  const none = await place.run(["result", "none"]);
  strictEqual(none.code, 4);
  match(
    none.stderr,
    /^dgrid: looking for task "none": there is none of this id; see: dgrid list\n$/,
  );

  const record = JSON.parse((await place.run(["result", "good", "--json"])).stdout);
  deepStrictEqual(record, await place.json(resultPath("good", "success")));

  const status = JSON.parse((await place.run(["status", "--json"])).stdout);
  strictEqual(status.commit, await place.tip());
  deepStrictEqual(status.tasks, {
    queued: { critical: 0, high: 0, medium: 1, low: 0 },
    invalid: 0,
    claimed: 0,
    retrying: 0,
    cancelling: 0,
    finished: 0,
    completed: 1,
    failed: 1,
  });
  deepStrictEqual(status.nodes, { joining: 0, online: 0, draining: 0, silent: 0, offline: 1 });
  match((await place.run(["status"])).stdout, /^queued +1 \(1 medium\)$/m);

  const listed = JSON.parse((await place.run(["list", "--json"])).stdout);
  deepStrictEqual(listed, [
    { task_id: "script", state: "queued", priority: "medium" },
    { task_id: "good", state: "completed" },
    { task_id: "bad", state: "failed" },
  ]);
  const limited = await place.run(["list", "--limit=1"]);
  deepStrictEqual(limited.stdout, "script  queued  medium\n");
  strictEqual(limited.stderr, "and 2 more; see them with --limit 3\n");
  strictEqual((await place.run(["list", "--state=failed"])).stdout, "bad  failed\n");

  const [node] = JSON.parse((await place.run(["nodes", "--json"])).stdout);
  deepStrictEqual([node.node_id, node.status, node.labels, node.runs], [
    "n1",
    "offline",
    { zone: "a" },
    ["module"],
  ]);
  match((await place.run(["nodes"])).stdout, /^n1 +offline +\d+ s ago +0\/1 +module +zone=a /m);
  strictEqual((await place.run(["settle"])).stdout, "settled 0 results\n");
});

Deno.test("submit --wait follows a worker, and ends with 3 when a task fails", async () => {
  await using place = await Playground.withGrid();
  await place.write(
    "tasks.json",
    JSON.stringify([
      { task_id: "good", module: MULTIPLY, input: { a: 2, b: 3 } },
      { task_id: "bad", module: FAIL },
    ]),
  );
  const child = place.start(["submit", "tasks.json", "--wait", "--json"]);
  await child.stdin.close();
  const worker = place.start([
    "worker",
    "--max-tasks=2",
    "--executor=sandbox",
    "--poll-interval=0.1",
  ]);
  await worker.stdin.close();
  const [submitted, worked] = await Promise.all([child.output(), worker.output()]);
  deepStrictEqual([submitted.code, worked.code], [3, 0]);
  const { task_ids, results } = JSON.parse(new TextDecoder().decode(submitted.stdout));
  deepStrictEqual(task_ids, ["good", "bad"]);
  deepStrictEqual(results.map((it: { status: string }) => it.status), ["success", "failed"]);
  match(new TextDecoder().decode(submitted.stderr), /^dgrid: bad: failed.*\n$/);
});

Deno.test("a worker that is told to stop hands back what runs, and ends with 0", async () => {
  await using place = await Playground.withGrid();
  await place.write("never.js", NEVER);
  await place.run(["submit", "--module=never.js", "--id=never"]);
  const worker = place.start(
    ["worker", "--executor=sandbox", "--grace=0", "--node-id=n1", "--log-format=json"],
    { LOG_LEVEL: "info" },
  );
  await worker.stdin.close();
  await using lines = new Lines(worker.stderr);
  const [record] = await lines.until(/^.*never: started.*$/);
  const { level, logger, message } = JSON.parse(record);
  deepStrictEqual([level, logger, message], [
    "info",
    "dgrid.worker",
    "never: started, attempt 1",
  ]);
  const twin = await place.run(["worker", "--node-id=n1"]);
  strictEqual(twin.code, 2);
  match(twin.stderr, /^dgrid: starting the worker: n1 runs already with this --home; .*\n$/);
  worker.kill("SIGTERM");
  strictEqual((await worker.status).code, 0);
  await worker.stdout.cancel();
  const [task] = JSON.parse((await place.run(["list", "--json"])).stdout);
  deepStrictEqual(task, { task_id: "never", state: "retrying", node_id: "n1", attempt: 1 });
});

Deno.test("a worker ends at once on the second signal, and nothing of its task is left", async () => {
  await using place = await Playground.withGrid();
  await place.write("never.js", NEVER);
  await place.run(["submit", "--module=never.js", "--id=never"]);
  const worker = place.start(["worker", "--executor=sandbox"], { LOG_LEVEL: "info" });
  await worker.stdin.close();
  await using lines = new Lines(worker.stderr);
  await lines.until(/never: started/);
  worker.kill("SIGTERM");
  await lines.until(/stopping: 1 still run/);
  worker.kill("SIGINT");
  strictEqual((await worker.status).code, 143);
  await worker.stdout.cancel();
});

Deno.test("a worker without a name keeps the one that it was given", async () => {
  await using place = await Playground.withGrid();
  for (let life = 0; life < 2; life++) strictEqual((await place.run(WORK)).code, 0);
  const nodes = JSON.parse((await place.run(["nodes", "--json"])).stdout);
  strictEqual(nodes.length, 1);
  match(nodes[0].node_id, /-[0-9a-z]{4}$/);
});
