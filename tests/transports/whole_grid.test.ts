/**
 * A small grid from its beginning to its results, by the real program, over each way to reach a
 * repository.
 *
 * @module
 */
import { deepStrictEqual as same, equal, match } from "node:assert/strict";
import { resultPath } from "../../lib/protocol/layout.ts";
import { plainGit } from "../support/git_server.ts";
import { Playground } from "../support/playground.ts";
import type { GitHost } from "../support/servers/git_host.ts";
import { serverTest } from "../support/servers/server_test.ts";
import { missingForSsh, serveBySsh } from "../support/servers/ssh.ts";
import { openHost, TRANSPORTS } from "../support/servers/transports.ts";
import { acceptBranchesOnly, acceptNothing } from "../support/strict_host.ts";

for (const { name, missing, serve } of Object.values(TRANSPORTS)) {
  serverTest(missing)(`a grid works over ${name}, from init to result`, async () => {
    await using open = await openHost(serve);
    await runGrid(open.host);
  });
}

Deno.test("a grid works on a host that takes only branches, with its live edge among them", async () => {
  await using open = await openHost(TRANSPORTS.file.serve);
  await acceptBranchesOnly(open.host.repository);
  await runGrid(open.host, ["--ref-prefix=refs/heads/dgrid"]);
  const refs = await plainGit(open.host.repository, "for-each-ref", "--format=%(refname)");
  const places = refs.trim().split("\n").map((ref) => ref.replace(/[^/]+$/, ""));
  same([...new Set(places)], [
    "refs/heads/dgrid/live/",
    "refs/heads/dgrid/nodes/",
    "refs/heads/",
  ]);
});

Deno.test("a worker says at once that a host takes only branches, and what to do", async () => {
  await using open = await openHost(TRANSPORTS.path.serve);
  await using user = await Playground.empty();
  await acceptBranchesOnly(open.host.repository);
  const env = { DGRID_REPO_URL: open.host.url };
  equal((await user.run(["init"], { env })).code, 0);
  const tip = await plainGit(open.host.repository, "rev-parse", "main");
  const { code, stderr } = await user.run(["worker"], { env });
  equal(code, 1);
  match(stderr, /^dgrid: creating a ref below refs\/dgrid: the host refuses: .*only branches here/);
  match(
    stderr,
    /; set "ref_prefix" in dgrid.json to refs\/heads\/dgrid, or allow refs below refs\/dgrid in the host's settings$/m,
  );
  equal(await plainGit(open.host.repository, "rev-parse", "main"), tip);
});

serverTest(await missingForSsh())(
  "a grid that init made on the host itself works over ssh",
  async () => {
    await using open = await openHost(serveBySsh);
    await using user = await Playground.empty();
    equal((await user.run(["init", "--repo", open.host.repository])).code, 0);
    await runGrid(open.host);
  },
);

Deno.test("a host that has passed is tried out again once it refuses something", async () => {
  await using user = await Playground.withGrid();
  const worker = ["worker", "--exit-when-idle", "--poll-interval=0.1"];
  equal((await user.run(worker)).code, 0);
  await acceptNothing(user.repo);
  // It is believed for a day, but for what comes to light meanwhile.
  equal((await user.run(["submit", "--script=true"])).code, 1);
  const { code, stderr } = await user.run(worker);
  equal(code, 1);
  match(stderr, /^dgrid: creating a ref below refs\/dgrid: the host refuses: /);
});

/** Sets a grid up, has two workers do tasks, and looks at what came of them. */
async function runGrid(
  { url, env, repository }: Pick<GitHost, "url" | "env" | "repository">,
  founding: string[] = [],
): Promise<void> {
  await using user = await Playground.empty();
  const run = async (args: string[], stdin?: string) => {
    const { code, stdout, stderr } = await user.run(args, {
      env: { DGRID_REPO_URL: url, ...env },
      stdin,
    });
    equal(code, 0, stderr);
    return stdout;
  };
  const ids = Array.from({ length: 6 }, (_, index) => `task-${index}`);
  const tasks = ids.map((task_id, input) => ({
    task_id,
    module: "export default (x) => x * x",
    input,
  }));
  await run(["init", ...founding]);
  await run(["submit", "-"], tasks.map((task) => JSON.stringify(task)).join("\n"));
  await Promise.all(["a", "b"].map((node) => {
    const args = ["worker", "--node-id", node, "--parallel=2", "--poll-interval=0.2"];
    return run([...args, "--exit-when-idle"]);
  }));
  equal(await run(["settle"]), "settled 0 results\n");
  equal(JSON.parse(await run(["result", "task-5", "--json"])).output, 25);
  const listed = await plainGit(repository, "ls-tree", "-r", "--name-only", "main", "tasks");
  const files = listed.trim().split("\n").filter((path) => path.endsWith(".json"));
  same(files, ids.map((id) => resultPath(id, "success")).sort());
  equal(await plainGit(repository, "fsck", "--strict", "--no-dangling"), "");
}
