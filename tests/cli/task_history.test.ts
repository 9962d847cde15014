import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { queuePath, resultPath } from "../../lib/protocol/layout.ts";
import { Lines, Playground } from "../support/playground.ts";

const WORK = ["worker", "--executor=sandbox", "--poll-interval=0.1"];
const FAIL = "export default () => { throw new Error('no way'); }";
const NEVER = "export default () => new Promise(() => setInterval(() => {}, 1000))";

Deno.test("a failed task is retried under its id, and logs shows both runs", async () => {
  await using place = await Playground.withGrid();
  await place.write("bad.js", FAIL);
  await place.run(["submit", "--module=bad.js", "--id=bad", "--priority=high"]);
  const early = await place.run(["retry", "bad"]);
  deepStrictEqual([early.code, early.stdout], [1, ""]);
  strictEqual(early.stderr, "dgrid: retrying bad: it is queued already\n");

  const work = [...WORK, "--exit-when-idle"];
  strictEqual((await place.run([...work, "--node-id=n1"])).code, 0);
  deepStrictEqual((await place.files()).includes(resultPath("bad", "failed")), true);
  const { code, stdout, stderr } = await place.run(["retry", "bad", "bad"]);
  deepStrictEqual([code, stdout, stderr], [0, "bad\n", ""]);
  const files = await place.files();
  deepStrictEqual(files.filter((path) => /^tasks.*json$/.test(path)), [queuePath("bad", "high")]);
  strictEqual((await place.run([...work, "--node-id=n2"])).code, 0);

  const logs = await place.run(["logs", "bad"]);
  strictEqual(logs.code, 0, logs.stderr);
  const said = logs.stdout.trimEnd().split("\n").map((line) => {
    match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z {2}[0-9a-f]{10} {2}\S/);
    return line.slice(38);
  });
  deepStrictEqual(said, [
    `submitted by Tester: ${queuePath("bad", "high")}`,
    "attempt 1 was claimed by n1",
    "attempt 1 on n1 failed",
    `settled by n1: failed with exit code 1 on n1, ${resultPath("bad", "failed")}`,
    `put back into the queue by Tester, to be run again: ${queuePath("bad", "high")}`,
    "attempt 1 was claimed by n2",
    "attempt 1 on n2 failed",
    `settled by n2: failed with exit code 1 on n2, ${resultPath("bad", "failed")}`,
  ]);
  strictEqual(logs.stderr, "what it printed: dgrid result bad\n");
  const json = JSON.parse((await place.run(["logs", "bad", "--json"])).stdout);
  deepStrictEqual([json.task_id, json.is_whole, json.events.length], ["bad", true, 8]);
  deepStrictEqual(json.events[1].kind, "claimed");

  for (const command of ["retry", "logs", "cancel"]) {
    const none = await place.run([command, "none"]);
    deepStrictEqual([none.code, none.stdout], [4, ""], command);
    match(none.stderr, /^dgrid: .*none.*: there is none of this id; see: dgrid list\n$/);
  }
});

Deno.test("cancel ends a queued task at once, on the branch, and names what has ended", async () => {
  await using place = await Playground.withGrid();
  await place.run(["submit", "--script=true", "--id=a"]);
  await place.run(["submit", "--script=true", "--id=b"]);
  const first = await place.run(["cancel", "a"]);
  deepStrictEqual(first, { code: 0, stdout: "a: cancelled\n", stderr: "" });
  const result = await place.json(resultPath("a", "cancelled"));
  deepStrictEqual([result.status, result.reason], ["cancelled", "cancelled by Tester"]);
  const second = await place.run(["cancel", "a", "b", "--json"]);
  strictEqual(second.code, 1);
  strictEqual(
    second.stderr,
    `dgrid: cancelling a: it has ended already, see ${resultPath("a", "failed")}\n`,
  );
  deepStrictEqual(JSON.parse(second.stdout)[1], { task_id: "b", became: "cancelled" });
});

Deno.test("cancel takes a file out of the queue that is no task", async () => {
  await using place = await Playground.withGrid();
  await place.commit({ [queuePath("a", "low")]: "{", "tasks/queue/a.json": "{" });
  const { code, stderr } = await place.run(["cancel", "a"]);
  deepStrictEqual([code, stderr], [0, ""]);
  const left = (await place.files()).filter((path) => /^tasks.*json$/.test(path));
  deepStrictEqual(left, [resultPath("a", "cancelled")]);
});

Deno.test("cancel asks the node of a running task to stop it, and waits for the end", async () => {
  await using place = await Playground.withGrid();
  await place.write("never.js", NEVER);
  await place.run(["submit", "--module=never.js", "--id=long"]);
  const child = place.start([...WORK, "--node-id=n1", "--max-tasks=1", "--log-level=info"]);
  await using said = new Lines(child.stderr);
  await said.until(/long/);
  const { code, stdout, stderr } = await place.run(["cancel", "long", "--wait"]);
  deepStrictEqual([code, stdout], [0, "long: n1 must stop it at its next look\n"], stderr);
  match(stderr, /^long: cancelled on n1 after \d+\.\d s/);
  await child.stdout.cancel();
});
