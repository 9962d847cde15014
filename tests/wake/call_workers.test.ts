import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { callWorkers } from "../../lib/wake/call_workers.ts";
import { isAuthentic } from "../../lib/wake/signature.ts";
import { Rung, SECRET } from "./calls.ts";

const MAIN = { secret: SECRET, ref: "refs/heads/main" };

Deno.test("callWorkers() rings at every worker that listens, once at each", async () => {
  await using one = await Rung.open();
  await using two = await Rung.open();
  const addresses = [one, two, one].map(({ address }) => `http://${address}/wake`);
  strictEqual(await callWorkers(addresses, MAIN), 2);
  deepStrictEqual([one.rings, two.rings], [1, 1]);
});

Deno.test("callWorkers() says how many took the call, and does not mind the others", async () => {
  await using good = await Rung.open();
  await using stranger = await Rung.open({ secret: "quite another secret" });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const nobody = `http://127.0.0.1:${listener.addr.port}/`;
  listener.close();
  const addresses = [nobody, `http://${stranger.address}/`, `http://${good.address}/`];
  strictEqual(await callWorkers(addresses, MAIN), 1);
  deepStrictEqual([good.rings, stranger.rings], [1, 0]);
});

Deno.test("callWorkers() signs what it sends, and sends nothing but the ref", async () => {
  const calls: [string, string, boolean][] = [];
  const post = (url: string, body: Uint8Array, signature: string) => {
    const header = (name: string) => name === "x-hub-signature-256" ? signature : undefined;
    const text = new TextDecoder().decode(body);
    calls.push([url, text, isAuthentic(SECRET, body, header)]);
    return Promise.resolve(202);
  };
  await callWorkers(["http://a/"], { ...MAIN, post });
  deepStrictEqual(calls, [["http://a/", '{"ref":"refs/heads/main"}', true]]);
});

Deno.test("callWorkers() calls all at once", async () => {
  const { promise: all, resolve } = Promise.withResolvers<void>();
  let waiting = 0;
  const post = async () => {
    if (++waiting === 3) resolve();
    await all;
    return 204;
  };
  strictEqual(await callWorkers(["http://a/", "http://b/", "http://c/"], { ...MAIN, post }), 3);
});

Deno.test("callWorkers() follows no redirect", async () => {
  await using target = await Rung.open();
  const headers = { location: `http://${target.address}/` };
  await using sends = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(null, { status: 307, headers }),
  );
  strictEqual(await callWorkers([`http://127.0.0.1:${sends.addr.port}/`], MAIN), 0);
  strictEqual(target.rings, 0);
});

Deno.test("callWorkers() waits for nobody who does not answer", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = silent.accept();
  strictEqual(await callWorkers([`http://127.0.0.1:${silent.addr.port}/`], MAIN), 0);
  (await accepted).close();
});
