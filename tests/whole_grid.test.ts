import { deepStrictEqual as same, equal, match } from "node:assert/strict";
import { join } from "@std/path";
import { resultPath } from "../lib/protocol/layout.ts";
import { containerTest, TEST_IMAGE } from "./support/container_engine.ts";
import { dgrid } from "./support/dgrid.ts";
import { GitGrid } from "./support/git_grid.ts";

Deno.test("ten workers and 300 tasks: each has exactly one result, and nothing is left", async () => {
  await using grid = await GitGrid.with();
  const ids = Array.from({ length: 300 }, (_, index) => `task-${index}`);
  const lines = ids.map((task_id, input) =>
    JSON.stringify({ task_id, module: "export default (x) => x * x", input })
  ).join("\n");
  const at = (home: string) => ({ repo: grid.url, home: join(grid.folder, home) });
  const submitted = await dgrid(["submit", "-"], { ...at("me"), stdin: lines });
  same(submitted.stdout.trim().split("\n"), ids);

  const workers = await Promise.all(Array.from({ length: 10 }, (_, index) => {
    const args = ["worker", "--node-id", `n${index}`, "--parallel", "2", "--exit-when-idle"];
    return dgrid([...args, "--poll-interval", "0.5"], at(`worker-${index}`));
  }));
  same(
    workers.map(({ code }) => code),
    workers.map(() => 0),
    workers.map((it) => it.stderr).join(),
  );

  const files = await grid.mainFiles();
  same(
    files.filter((path) => path.startsWith("tasks/")).toSorted(),
    ids.map((id) => resultPath(id, "success")).toSorted(),
  );
  same(await grid.liveFiles(), []);
  // A second result would have replaced a first, so the history must not know of one.
  const history = await grid.git(
    "log",
    "--format=",
    "--name-status",
    "main",
    "--",
    "tasks/completed",
  );
  equal(history.trim().split("\n").filter((line) => line !== "").length, 300);
  match(await grid.git("fsck", "--strict", "--full"), /^(dangling .*\n)*$/);
  for (const [index, id] of [[0, ids[0]], [299, ids[299]]] as const) {
    const result = JSON.parse(await grid.git("show", `main:${resultPath(id, "success")}`));
    equal(result.output, index * index);
    equal(result.attempts.length, 1);
  }
});

containerTest("a task file of the first version, committed with plain Git, is run", async () => {
  const task = {
    id: "my-task-001",
    image: TEST_IMAGE,
    command: "echo ciao",
    created_at: "2025-01-01T00:00:00Z",
    timeout: 60,
    submitted_by: "me@example.com",
  };
  await using grid = await GitGrid.with({ "tasks/queue/my-task.json": JSON.stringify(task) });
  const home = join(grid.folder, "worker");
  const { code, stderr } = await dgrid(["worker", "--exit-when-idle"], { repo: grid.url, home });
  equal(code, 0, stderr);
  const path = resultPath("my-task-001", "success");
  same(await grid.mainFiles(), ["dgrid.json", `nodes/${nodeIn(stderr)}.json`, path]);
  const result = JSON.parse(await grid.git("show", `main:${path}`));
  equal(result.status, "success");
  equal(result.stdout, "ciao\n");
  equal(result.task.timeout_seconds, 60);
});

function nodeIn(stderr: string): string {
  return /(\S+) runs script/.exec(stderr)![1];
}
