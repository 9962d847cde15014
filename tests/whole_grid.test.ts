import { deepStrictEqual as same, equal, match } from "node:assert/strict";
import { resultPath } from "../lib/protocol/layout.ts";
import { containerTest, TEST_IMAGE } from "./support/container_engine.ts";
import { plainGit } from "./support/git_server.ts";
import { Playground } from "./support/playground.ts";

Deno.test("ten workers and 300 tasks: each has exactly one result, and nothing is left", async () => {
  await using grid = await Playground.withGrid();
  const ids = Array.from({ length: 300 }, (_, index) => `task-${index}`);
  const stdin = ids.map((task_id, input) =>
    JSON.stringify({ task_id, module: "export default (x) => x * x", input })
  ).join("\n");
  const submitted = await grid.run(["submit", "-"], { stdin });
  same(submitted.stdout.trim().split("\n"), ids);

  const workers = await Promise.all(Array.from({ length: 10 }, (_, index) => {
    const args = ["worker", "--node-id", `n${index}`, "--parallel", "2", "--exit-when-idle"];
    return grid.run([...args, "--poll-interval", "0.5"]);
  }));
  same(
    workers.map(({ code }) => code),
    workers.map(() => 0),
    workers.map((it) => it.stderr).join(),
  );

  const results = ids.map((id) => resultPath(id, "success"));
  same((await grid.files()).filter(isOfTask).toSorted(), results.toSorted());
  same(await liveFiles(grid.repo), []);
  // A second result would have replaced a first, so the history must not know of one.
  const range = ["log", "--format=", "--name-status", "main", "--", "tasks/completed"];
  const changes = (await plainGit(grid.repo, ...range)).split("\n").filter((line) =>
    line.endsWith(".json")
  );
  equal(changes.length, 300);
  match(await plainGit(grid.repo, "fsck", "--strict", "--full"), /^(dangling .*\n)*$/);
  for (const index of [0, 150, 299]) {
    const result = await grid.json(results[index]);
    equal(result.output, index * index);
    equal((result.attempts as unknown[]).length, 1);
  }
});

containerTest("a task file of the first version, committed with plain Git, is run", async () => {
  await using grid = await Playground.withGrid();
  const task = {
    id: "my-task-001",
    image: TEST_IMAGE,
    command: "echo ciao",
    created_at: "2025-01-01T00:00:00Z",
    timeout: 60,
    submitted_by: "me@example.com",
  };
  await grid.commit({ "tasks/queue/my-task.json": JSON.stringify(task) });
  const { code, stderr } = await grid.run(["worker", "--exit-when-idle"]);
  equal(code, 0, stderr);
  const path = resultPath("my-task-001", "success");
  same((await grid.files()).filter(isOfTask), [path]);
  const result = await grid.json(path);
  equal(result.status, "success");
  equal(result.stdout, "ciao\n");
  equal((result.task as Record<string, unknown>).timeout_seconds, 60);
});

function isOfTask(path: string): boolean {
  return path.startsWith("tasks/") && path.endsWith(".json");
}

/** The files on all shards, without the settled marks. */
async function liveFiles(repo: string): Promise<string[]> {
  const refs = await plainGit(repo, "for-each-ref", "--format=%(refname)", "refs/dgrid/live");
  const trees = await Promise.all(
    refs.trim().split("\n").map((ref) => plainGit(repo, "ls-tree", "-r", "--name-only", ref)),
  );
  return trees.join("").split("\n").filter((path) => path !== "" && path !== "settled");
}
