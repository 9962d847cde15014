/**
 * A worker's counters as its user gets to see them.
 *
 * @module
 */
import { deepStrictEqual as same, equal, match, ok } from "node:assert/strict";
import { join } from "@std/path";
import { leaveCounters } from "../../lib/cli/counters.ts";
import type { CountedNode } from "../../lib/worker/counted_nodes.ts";
import { Lines, Playground } from "../support/playground.ts";

const WORK = ["worker", "--executor=sandbox", "--poll-interval=0.1", "--node-id=n1"];
const TASK = JSON.stringify({ task_id: "square", module: "export default (x) => x * x", input: 3 });

async function workersIn(place: Playground, ...more: string[]): Promise<CountedNode[]> {
  const { code, stdout, stderr } = await place.run(["status", "--json", ...more]);
  equal(code, 0, stderr);
  return JSON.parse(stdout).workers;
}

/** A worker, and what it says; it is killed with its scope, should it still be there. */
async function start(place: Playground, args: string[], env?: Record<string, string>) {
  const worker = place.start(args, env);
  const lines = new Lines(worker.stderr);
  await worker.stdin.close();
  const kill = async (signal: Deno.Signal): Promise<number> => {
    worker.kill(signal);
    return (await worker.status).code;
  };
  return {
    worker,
    lines,
    kill,
    async [Symbol.asyncDispose]() {
      // It has mostly ended already.
      await kill("SIGKILL").catch(() => {});
      await worker.stdout.cancel();
      await lines[Symbol.asyncDispose]();
    },
  };
}

/** A worker at work that has run one task and settled it. */
async function startAndRun(place: Playground) {
  await place.run(["submit", "-"], { stdin: TASK });
  const started = await start(place, WORK, { LOG_LEVEL: "info" });
  await started.lines.until(/settled 1 result/);
  return started;
}

Deno.test("a worker tells its counters on SIGUSR1, and works on", async () => {
  await using place = await Playground.withGrid();
  await using started = await startAndRun(place);
  const { worker, lines, kill } = started;
  worker.kill("SIGUSR1");
  const [line] = await lines.until(/^.*counters: .*$/);
  match(line, /^\S+ info +counters: up \d+ s, now: \w+; ticks \d+.*; ls-remotes \d+; .*pushes \d+/);
  // How long it does what is a matter of the machine, but for the waiting between two looks.
  match(line, /; claims 1; begun 1 after .*; ran 1 in .* s; time: .*wait \d+\.\d s/);
  worker.kill("SIGUSR1");
  await lines.until(/counters: /);
  equal(await kill("SIGTERM"), 0);
});

Deno.test("a worker tells its counters on SIGUSR1 whatever it logs besides, also to a program", async () => {
  await using place = await Playground.withGrid();
  await using started = await start(place, [...WORK, "--log-level=error", "--log-format=json"]);
  const { worker, lines, kill } = started;
  // Nothing else tells that it is there.
  while ((await workersIn(place)).length === 0);
  worker.kill("SIGUSR1");
  const record = JSON.parse((await lines.until(/^\{.*\}$/))[0]);
  same([record.level, record.logger], ["info", "dgrid.counters"]);
  match(record.message, /^up /);
  ok(record.git.operations["ls-remote"].count >= record.ticks.count);
  equal(Object.keys(record.phases_ms).length, 7);
  equal(await kill("SIGTERM"), 0);
});

Deno.test("a worker that cannot begin yet is not ended by SIGUSR1, and says so", async () => {
  await using place = await Playground.empty();
  // A server that says nothing.
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const repo = `--repo=git://127.0.0.1:${server.addr.port}/grid.git`;
  await using started = await start(place, [...WORK, repo]);
  using _connection = await server.accept();
  started.worker.kill("SIGUSR1");
  await started.lines.until(/counters: nothing is counted yet/);
});

Deno.test("leaveCounters() lets a worker work that cannot leave any", async () => {
  await using place = await Playground.empty();
  await place.write("file", "");
  const take = () => {
    throw new Error("nobody asks");
  };
  await using _ = await leaveCounters(join(place.folder, "file", "counters"), "n1", take);
});

Deno.test("status --json shows the counters of workers here, and which of them are at work", async () => {
  await using place = await Playground.withGrid();
  same(await workersIn(place), []);
  await using started = await startAndRun(place);
  const [atWork] = await workersIn(place);
  same([atWork.node_id, atWork.is_running], ["n1", true]);
  // With another home, it is as on another machine.
  same(await workersIn(place, `--home=${join(place.folder, "elsewhere")}`), []);
  await started.kill("SIGKILL");
  const [killed] = await workersIn(place);
  same([killed.node_id, killed.is_running], ["n1", false]);
  ok(Date.parse(killed.counted_at) >= Date.parse(killed.counters.started_at!));
});

Deno.test("a worker that ended has left all that it counted, and nothing of it in the grid", async () => {
  await using place = await Playground.withGrid();
  await place.run(["submit", "-"], { stdin: TASK });
  equal((await place.run([...WORK, "--exit-when-idle"])).code, 0);
  const [{ is_running, counters }] = await workersIn(place);
  equal(is_running, false);
  const { git, claims, runs } = counters;
  same([claims!.won, runs!.count], [1, 1]);
  ok(git!.operations.push.count > 0 && git!.bytes.sent > 0);
  same((await place.files()).filter((path) => path.includes("counters")), []);
});
