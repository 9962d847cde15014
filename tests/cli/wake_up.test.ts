import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { needsNetwork } from "../../lib/cli/network.ts";
import { readOptions, splitArguments } from "../../lib/cli/parse_command_line.ts";
import { Lines, Playground } from "../support/playground.ts";
import { serveByGitDaemon } from "../support/servers/git_daemon.ts";
import { github, hmac, Rung, SECRET } from "../wake/calls.ts";

/** Longer than any test waits: what is seen earlier was not seen by polling. */
const POLLING = ["--poll-interval=3600", "--heartbeat-interval=3600"];
const WITH_SECRET = { DGRID_WAKE_SECRET: SECRET };

/** A worker that has run a task called `first`, and would now look again in an hour. */
class Sleeper implements AsyncDisposable {
  private constructor(
    readonly place: Playground,
    private readonly child: Deno.ChildProcess,
    readonly lines: Lines,
    readonly port: string | undefined,
  ) {}

  static async start(
    place: Playground,
    args: string[],
    env: Record<string, string> = {},
  ): Promise<Sleeper> {
    await place.write("one.js", "export default () => 1");
    await place.run(["submit", "--module=one.js", "--id=first"]);
    const all = ["worker", "--node-id=n1", "--executor=sandbox", ...POLLING, ...args];
    const child = place.start(all, { LOG_LEVEL: "info", ...env });
    await child.stdin.close();
    const lines = new Lines(child.stderr);
    const where = env.DGRID_WAKE_SECRET && await lines.until(/listening for .*127\.0\.0\.1:(\d+)$/);
    await lines.until(/first: success/);
    // It is told of in the last push before the pause.
    await place.run(["result", "first", "--wait"]);
    return new Sleeper(place, child, lines, where ? where[1] : undefined);
  }

  /** Submits a task; says whatever the program says. */
  async submit(id: string, env: Record<string, string> = {}): Promise<string> {
    const all = ["submit", "--module=one.js", `--id=${id}`];
    const { code, stdout, stderr } = await this.place.run(all, { env });
    deepStrictEqual([code, stdout], [0, `${id}\n`], stderr);
    return stderr;
  }

  /** Ends the worker, which must end well. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGTERM");
    await this.lines[Symbol.asyncDispose]();
    await this.child.stdout.cancel();
    strictEqual((await this.child.status).code, 0, this.lines.all.join("\n"));
  }
}

Deno.test("dgrid worker --listen runs a task when a Git host calls", async () => {
  await using place = await Playground.withGrid();
  // By an address at which nothing can be watched.
  await using host = await serveByGitDaemon({ repository: place.repo });
  const env = { DGRID_REPO_URL: host.url, ...WITH_SECRET };
  await using sleeper = await Sleeper.start(place, ["--listen=127.0.0.1:0"], env);
  await sleeper.submit("second");
  const body = '{"ref":"refs/heads/main"}';
  const call = async (headers: Record<string, string>) => {
    const url = `http://127.0.0.1:${sleeper.port}/`;
    const response = await fetch(url, { method: "POST", headers, body });
    await response.body?.cancel();
    return response.status;
  };
  strictEqual(await call(github(body, "a secret that is wrong")), 401);
  await sleeper.lines.until(
    /warn .*a wake-up call was refused: its secret is not that of DGRID_WAKE/,
  );
  strictEqual(await call(github(body)), 202);
  await sleeper.lines.until(/second: success/);
  const said = sleeper.lines.all.join("\n");
  for (const secret of [SECRET, hmac(body)]) strictEqual(said.includes(secret), false);
});

Deno.test("dgrid submit wakes the workers in dgrid.json, for those who know the secret", async () => {
  await using place = await Playground.withGrid();
  await using host = await serveByGitDaemon({ repository: place.repo });
  const env = { DGRID_REPO_URL: host.url, ...WITH_SECRET };
  await using sleeper = await Sleeper.start(place, ["--listen=127.0.0.1:0"], env);
  const wake = [`http://127.0.0.1:${sleeper.port}/wake`];
  await place.commit({ "dgrid.json": JSON.stringify({ version: 1, wake }) });
  strictEqual(await sleeper.submit("second", WITH_SECRET), "");
  await sleeper.lines.until(/second: success/);
});

Deno.test("a worker sees a push to a repository on this machine at once", async () => {
  await using place = await Playground.withGrid();
  await using sleeper = await Sleeper.start(place, []);
  await sleeper.submit("second");
  await sleeper.lines.until(/second: success/);
});

Deno.test("submit, cancel and retry call the workers in dgrid.json; without the secret nobody does", async () => {
  await using place = await Playground.withGrid();
  await using worker = await Rung.open({ ring: () => {} });
  const heard: string[] = [];
  await using listener = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const body = await request.text();
      const status = await worker.post(Object.fromEntries(request.headers), body);
      heard.push(`${status} ${body}`);
      return new Response(null, { status });
    },
  );
  const wake = [`http://127.0.0.1:${listener.addr.port}/wake`];
  await place.commit({ "dgrid.json": JSON.stringify({ version: 1, wake }) });
  const told = '202 {"ref":"refs/heads/main"}';
  for (const args of [["submit", "--script=true", "--id=a"], ["cancel", "a"], ["retry", "a"]]) {
    const { code, stderr } = await place.run(args, { env: WITH_SECRET });
    deepStrictEqual([code, stderr, heard.splice(0)], [0, "", [told]], args[0]);
  }
  strictEqual((await place.run(["submit", "--script=true", "--id=b"])).code, 0);
  deepStrictEqual(heard, []);
});

Deno.test("dgrid submit does not fail where nobody listens, or its secret is too short", async () => {
  await using place = await Playground.withGrid();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const wake = [`http://127.0.0.1:${listener.addr.port}/`];
  listener.close();
  await place.commit({ "dgrid.json": JSON.stringify({ version: 1, wake }) });
  const submit = (id: string, DGRID_WAKE_SECRET: string) =>
    place.run(["submit", "--script=true", `--id=${id}`], { env: { DGRID_WAKE_SECRET } });
  const alone = await submit("a", SECRET);
  deepStrictEqual([alone.code, alone.stdout], [0, "a\n"]);
  match(alone.stderr, /^\S+ warn +wake: waking http:\/\/127\.0\.0\.1:\d+\/: .*\n$/);
  const short = await submit("b", "short");
  deepStrictEqual([short.code, short.stdout], [0, "b\n"]);
  match(short.stderr, /^\S+ warn +wake: waking nobody: .*5 characters: must be at least 16; .*\n$/);
});

Deno.test("dgrid worker --listen without a secret, or with a short one, is wrong usage", async () => {
  await using place = await Playground.withGrid();
  const start = (env: Record<string, string>) =>
    place.run(["worker", "--listen=127.0.0.1:0"], { env });
  const none = await start({});
  strictEqual(none.code, 2);
  match(none.stderr, /^dgrid: reading the options: --listen: DGRID_WAKE_SECRET is not set: .*\n$/);
  const short = await start({ DGRID_WAKE_SECRET: "fifteen letters" });
  strictEqual(short.code, 2);
  match(
    short.stderr,
    /^dgrid: reading DGRID_WAKE_SECRET: 15 characters: must be at least 16; .*\n$/,
  );
  strictEqual(short.stderr.includes("fifteen"), false);
});

Deno.test("dgrid worker --listen says where it cannot listen, and ends with 1", async () => {
  await using place = await Playground.withGrid();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { code, stderr } = await place.run(
    ["worker", `--listen=127.0.0.1:${taken.addr.port}`],
    { env: WITH_SECRET },
  );
  strictEqual(code, 1);
  match(
    stderr,
    /^dgrid: starting to take wake-up calls: .*address already in use 127\.0\.0\.1:\d+\n$/,
  );
});

Deno.test("dgrid worker listens on IPv6, too", async () => {
  await using place = await Playground.withGrid();
  const { code, stderr } = await place.run(
    ["worker", "--listen=[::1]:0", "--exit-when-idle", "--executor=sandbox"],
    { env: { ...WITH_SECRET, LOG_LEVEL: "info" } },
  );
  strictEqual(code, 0, stderr);
  match(stderr, /listening for wake-up calls on \[::1\]:\d+\n/);
});

Deno.test("a task sees nothing of the secret", async () => {
  await using place = await Playground.withGrid();
  await place.run(["submit", "--script=env", "--id=looks"]);
  const how = ["--executor=process", "--allow-unsandboxed", "--exit-when-idle"];
  const { code } = await place.run(
    ["worker", "--listen=127.0.0.1:0", "--poll-interval=0.1", ...how],
    { env: WITH_SECRET },
  );
  strictEqual(code, 0);
  const { stdout } = await place.run(["result", "looks"]);
  match(stdout, /^PATH=/m);
  strictEqual(/WAKE|a secret/.test(stdout), false);
});

const NEEDS: [args: string, env: Record<string, string>, needs: boolean][] = [
  ["worker", WITH_SECRET, false],
  ["worker --listen=127.0.0.1:1", WITH_SECRET, true],
  ["submit", WITH_SECRET, true],
  ["submit", {}, false],
  ["submit", { DGRID_WAKE_SECRET: "" }, false],
  ["cancel a", WITH_SECRET, true],
  ["retry a", WITH_SECRET, true],
  ["status", WITH_SECRET, false],
  ["demo", WITH_SECRET, false],
  ["settle", WITH_SECRET, false],
];

for (const [args, env, expected] of NEEDS) {
  Deno.test(`needsNetwork() says ${expected} for ${args} with ${JSON.stringify(env)}`, () => {
    const { command, given } = splitArguments(args.split(" "));
    const options = readOptions(command!, given, {});
    strictEqual(needsNetwork(command!, { options, env }), expected);
  });
}
