import assert from "node:assert/strict";
import { ExecutorBroken } from "../../lib/executor/executor.ts";
import { ImageStore } from "../../lib/executor/image_store.ts";
import type { RunResult } from "../../lib/process.ts";
import { clientEnd, FakeEngine } from "./fake_engine.ts";
import { NEVER } from "./jobs.ts";

const MISSING = clientEnd({ code: 1 }, "Error: No such image");

/** An engine that has no image until a pull has ended. */
function pullingEngine() {
  const pull = Promise.withResolvers<RunResult>();
  let pulled = false;
  const engine = new FakeEngine(async (command) => {
    if (command === "image") return pulled ? clientEnd({}, "", '{"/data":{}}') : MISSING;
    if (command !== "pull") return clientEnd();
    const end = await pull.promise;
    pulled = end.code === 0;
    return end;
  });
  return { engine, endPull: pull.resolve };
}

Deno.test("imageStore.ensure() pulls once for all that want the same image", async () => {
  const { engine, endPull } = pullingEngine();
  await using images = new ImageStore(engine);
  const wanted = [1, 2, 3].map(() => images.ensure("a", NEVER));
  endPull(clientEnd());
  for (const image of wanted) assert.deepEqual(await image, { ok: true, volumes: ["/data"] });
  assert.equal(engine.count("pull"), 1);
});

Deno.test("imageStore.ensure() looks once for those that come soon after each other", async () => {
  const engine = new FakeEngine(() => clientEnd({}, "", "null"));
  await using images = new ImageStore(engine);
  await Promise.all([images.ensure("a", NEVER), images.ensure("a")]);
  assert.deepEqual(await images.ensure("a", NEVER), { ok: true, volumes: [] });
  assert.deepEqual(engine.commands, ["image"]);
  await images.ensure("b", NEVER);
  assert.equal(engine.count("image"), 2);
});

Deno.test("imageStore.ensure() looks again, when the last look is too long ago", async () => {
  let nowMs = 0;
  const engine = new FakeEngine(() => clientEnd({}, "", "null"));
  await using images = new ImageStore(engine, () => nowMs);
  for (const [at, looks] of [[0, 1], [10_000, 1], [10_001, 2]]) {
    nowMs = at;
    await images.ensure("a", NEVER);
    assert.equal(engine.count("image"), looks);
  }
});

Deno.test("imageStore.isGone() asks the engine, and what is gone is pulled", async () => {
  let there = true;
  const engine = new FakeEngine((command) => {
    if (command === "pull") there = true;
    return command === "image" && !there ? MISSING : clientEnd({}, "", "null");
  });
  await using images = new ImageStore(engine);
  await images.ensure("a", NEVER);
  assert.equal(await images.isGone("a"), false);
  there = false;
  assert.equal(await images.isGone("a"), true);
  assert.equal((await images.ensure("a", NEVER)).ok, true);
  assert.equal(engine.count("pull"), 1);
});

Deno.test("imageStore.ensure() stops waiting on abort, and others go on", async () => {
  const { engine, endPull } = pullingEngine();
  await using images = new ImageStore(engine);
  const stop = new AbortController();
  const stopped = assert.rejects(images.ensure("a", stop.signal), { message: "enough" });
  const other = images.ensure("a", NEVER);
  await Promise.resolve();
  stop.abort(new Error("enough"));
  await stopped;
  endPull(clientEnd());
  assert.equal((await other).ok, true);
});

Deno.test("imageStore.ensure() gives the engine's words, and asks again the next time", async () => {
  const { engine, endPull } = pullingEngine();
  await using images = new ImageStore(engine);
  endPull(clientEnd({ code: 1 }, "Error response from daemon:\n  no such host\n"));
  const words = "Error response from daemon: no such host";
  assert.deepEqual(await images.ensure("a", NEVER), { ok: false, words });
  await images.ensure("a", NEVER);
  assert.equal(engine.count("pull"), 2);
});

Deno.test("imageStore.ensure() throws ExecutorBroken, when the engine is gone", async () => {
  await using images = new ImageStore(new FakeEngine(() => clientEnd({ code: 1 }, "no daemon")));
  await assert.rejects(images.ensure("a", NEVER), ExecutorBroken);
});
