import assert from "node:assert/strict";
import { runContainer } from "../../lib/executor/container_run.ts";
import { ExecutorBroken } from "../../lib/executor/executor.ts";
import type { RunResult } from "../../lib/process.ts";
import { clientEnd, FakeEngine } from "./fake_engine.ts";
import { NEVER } from "./jobs.ts";

const bounds = (timeoutMs: number, signal: AbortSignal) => ({
  timeoutMs,
  signal,
  outputLimitBytes: 100,
});

/** An engine that is busy creating a container: only the third removal finds it. */
function slowEngine() {
  const ended = Promise.withResolvers<RunResult>();
  const engine: FakeEngine = new FakeEngine((command) => {
    if (command === "run") return ended.promise;
    if (engine.count("rm") < 3) return clientEnd({ code: 1 });
    ended.resolve(clientEnd({ code: 137 }));
    return clientEnd();
  });
  return engine;
}

Deno.test("runContainer() removes until a slowly created container is gone", async () => {
  const engine = slowEngine();
  const { timedOut, code } = await runContainer(engine, "a", ["run"], bounds(1, NEVER));
  assert.deepEqual([timedOut, code], [true, 137]);
  assert.ok(engine.count("rm") >= 3);
});

Deno.test("runContainer() removes first and then throws the reason on abort", async () => {
  const engine = slowEngine();
  const stop = new AbortController();
  const running = runContainer(engine, "a", ["run"], bounds(60_000, stop.signal));
  const rejected = assert.rejects(running, { message: "enough" });
  stop.abort(new Error("enough"));
  await rejected;
  assert.ok(engine.count("rm") >= 3);
});

Deno.test("runContainer() removes the container of a client that was killed", async () => {
  const killed = clientEnd({ code: 137, signal: "SIGKILL" });
  const engine = new FakeEngine((command) => command === "run" ? killed : clientEnd());
  await assert.rejects(runContainer(engine, "a", ["run"], bounds(60_000, NEVER)), ExecutorBroken);
  assert.equal(engine.count("rm"), 1);
});

Deno.test("runContainer() asks for no removal of a container that ended well", async () => {
  const engine = new FakeEngine(() => clientEnd());
  const { timedOut } = await runContainer(engine, "a", ["run"], bounds(60_000, NEVER));
  assert.deepEqual([timedOut, engine.commands], [false, ["run"]]);
});

Deno.test("runContainer() starts nothing, when it is aborted already", async () => {
  const engine = new FakeEngine(() => clientEnd());
  await assert.rejects(runContainer(engine, "a", ["run"], bounds(60_000, AbortSignal.abort())));
  assert.deepEqual(engine.commands, []);
});
