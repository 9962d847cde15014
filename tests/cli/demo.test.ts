import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "@std/path";
import { checkLedger } from "../../lib/cli/demo/check_ledger.ts";
import { plainGit } from "../support/git_server.ts";
import { Lines, Playground } from "../support/playground.ts";

/** Away from any container engine, so that it takes the same everywhere. */
const ENV = { DOCKER_HOST: "unix:///dev/null/none" };

Deno.test("demo estimates π with three workers, checks the ledger and keeps the folder", async () => {
  await using place = await Playground.empty();
  const env = { ...ENV, TMPDIR: place.folder };
  const done = await place.run(["demo", "--samples=200000", "--json", "--keep"], { env });
  strictEqual(done.code, 0, done.stderr);
  const { holds_pi, tasks, nodes, breaches, samples } = JSON.parse(done.stdout);
  deepStrictEqual({ holds_pi, tasks, breaches, samples }, {
    holds_pi: true,
    tasks: 24,
    breaches: [],
    samples: 4_800_000,
  });
  deepStrictEqual(Object.keys(nodes), ["worker-1", "worker-2", "worker-3"]);
  match(done.stderr, /^only modules are run: no container engine answers$/m);
  const [, kept] = /^kept: (.+)$/m.exec(done.stderr)!;
  const files = await plainGit(join(kept, "grid.git"), "ls-tree", "-r", "--name-only", "main");
  strictEqual(files.match(/^tasks\/completed\/.*\.json$/gm)?.length, 24);
});

Deno.test("checkLedger() reports every task that has not exactly one result, and leftovers", async () => {
  await using place = await Playground.withGrid();
  await place.commit({
    "tasks/completed/00/good.json": "{}",
    "tasks/completed/00/twice.json": "{}",
    "tasks/failed/00/twice.json": "{}",
    "tasks/failed/00/strange.json": "{}",
    "tasks/queue/high/0/left.json": "{}",
  });
  await plainGit(place.repo, "update-ref", "refs/dgrid/live/0", "main");
  const breaches = await checkLedger(place.repo, ["good", "twice", "lost"], Deno.env.toObject());
  deepStrictEqual(breaches.filter((line) => !line.endsWith("on the live edge")), [
    "twice has 2 results",
    "lost has 0 results",
    "strange has a result and was never submitted",
    "tasks/queue/high/0/left.json is still in the queue",
  ]);
  ok(breaches.includes("tasks/completed/00/good.json is still on the live edge"));
});

Deno.test("demo cleans up when it is interrupted", async () => {
  await using place = await Playground.empty();
  const demo = place.start(["demo"], { ...ENV, TMPDIR: place.folder });
  await demo.stdin.close();
  await using lines = new Lines(demo.stderr);
  const [, folder] = await lines.until(/through (.+)\/grid\.git$/);
  demo.kill("SIGINT");
  strictEqual((await demo.status).code, 130);
  await demo.stdout.cancel();
  await rejects(Deno.stat(folder), Deno.errors.NotFound);
});
