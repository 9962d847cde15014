import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { makeSingleBranch, SingleBranch, taskName } from "../../bench/single_branch.ts";
import { plainGit, temporaryFolder } from "../support/git_server.ts";

Deno.test("SingleBranch does each task once, when two workers want the same three", async () => {
  await using folder = await temporaryFolder();
  const repository = await makeSingleBranch(folder.path, 3);
  const clone = (name: string) => SingleBranch.clone(`file://${repository}`, folder.path, name);
  const workers = [await clone("a"), await clone("b")];
  const ran = (await Promise.all(workers.map((worker) => worker.work()))).flat();
  const ids = [0, 1, 2].map(taskName);
  deepStrictEqual(ran.toSorted(), ids);
  deepStrictEqual((await workers[0].completed()).toSorted(), ids);
  const files = await plainGit(repository, "ls-tree", "-r", "--name-only", "main");
  const left = files.split("\n").filter((path) => /^tasks\/(queue|in_progress)\/task/.test(path));
  deepStrictEqual(left, []);
});

Deno.test("SingleBranch.submit() puts a task into the queue by a commit of its own", async () => {
  await using folder = await temporaryFolder();
  const repository = await makeSingleBranch(folder.path, 0);
  const user = await SingleBranch.clone(`file://${repository}`, folder.path, "user");
  await user.submit(0);
  await user.submit(1);
  strictEqual((await plainGit(repository, "rev-list", "--count", "main")).trim(), "3");
  const worker = await SingleBranch.clone(`file://${repository}`, folder.path, "worker");
  deepStrictEqual(await worker.work(), [0, 1].map(taskName));
  deepStrictEqual((await user.completed()).toSorted(), [0, 1].map(taskName));
});

Deno.test("SingleBranch.clone() is shallow", async () => {
  await using folder = await temporaryFolder();
  const repository = await makeSingleBranch(folder.path, 1);
  const url = `file://${repository}`;
  await (await SingleBranch.clone(url, folder.path, "user")).submit(1);
  await SingleBranch.clone(url, folder.path, "worker");
  const commits = await plainGit(`${folder.path}/worker`, "rev-list", "--count", "HEAD");
  strictEqual(commits.trim(), "1");
});
