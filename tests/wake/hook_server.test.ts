import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { HookServer } from "../../lib/wake/hook_server.ts";
import { MAX_BODY_BYTES } from "../../lib/wake/hook_answer.ts";
import { VirtualClock } from "../support/memory_grid.ts";
import { systemClock } from "../../lib/clock.ts";
import { gitea, github, gitlab, hmac, PUSH, Rung, SECRET } from "./calls.ts";

const ACCEPTED: [host: string, headers: Record<string, string>][] = [
  ["GitHub", github(PUSH)],
  ["Gitea", gitea(PUSH)],
  ["Forgejo, with both signatures", { ...gitea(PUSH), ...github(PUSH) }],
  ["GitLab", gitlab()],
];

for (const [host, headers] of ACCEPTED) {
  Deno.test(`HookServer rings when ${host} tells of a push, and says 202`, async () => {
    await using server = await Rung.open();
    strictEqual(await server.post(headers), 202);
    strictEqual(server.rings, 1);
  });
}

const REFUSED: [what: string, headers: Record<string, string>][] = [
  ["no proof", { "content-type": "application/json" }],
  ["GitHub's signature by another secret", github(PUSH, "another one of length 27")],
  ["GitHub's signature of another body", github(PUSH + " ")],
  ["GitHub's signature without its name", { "x-hub-signature-256": hmac(PUSH) }],
  ["a signature that is cut", {
    "x-hub-signature-256": github(PUSH)["x-hub-signature-256"].slice(0, -1),
  }],
  ["a signature that goes on", {
    "x-hub-signature-256": github(PUSH)["x-hub-signature-256"] + "0",
  }],
  ["a signature that is no hex", { "x-hub-signature-256": "sha256=zz" }],
  ["an empty signature", { "x-hub-signature-256": "" }],
  ["GitHub's older signature", { "x-hub-signature": "sha1=" + hmac(PUSH).slice(0, 40) }],
  ["Gitea's signature by another secret", gitea(PUSH, "another one of length 27")],
  ["an empty token", gitlab("")],
  ["a token that begins like the secret", gitlab(SECRET.slice(0, -1))],
  ["a token that goes on after the secret", gitlab(SECRET + "x")],
];

for (const [what, headers] of REFUSED) {
  Deno.test(`HookServer refuses ${what} with 401, and does not ring`, async () => {
    await using server = await Rung.open();
    strictEqual(await server.post(headers), 401);
    strictEqual(server.rings, 0);
  });
}

Deno.test("HookServer takes only POST, at / and /wake", async () => {
  await using server = await Rung.open();
  for (const method of ["GET", "PUT", "DELETE"]) {
    const body = method === "GET" ? null : PUSH;
    strictEqual(await server.post(github(PUSH), PUSH, { method, body }), 405, method);
  }
  for (const path of ["/other", "/wake/", "/wakeup", "//"]) {
    strictEqual(await server.post(github(PUSH), PUSH, {}, path), 404, path);
  }
  strictEqual(server.rings, 0);
  for (const path of ["/wake", "/?from=host"]) {
    strictEqual(await server.post(github(PUSH), PUSH, {}, path), 202, path);
  }
});

Deno.test("HookServer answers GitHub's ping with 200, and does not ring", async () => {
  await using server = await Rung.open();
  const body = '{"zen": "Keep it logically awesome."}';
  const ping = { ...github(body), "x-github-event": "ping" };
  strictEqual(await server.post(ping, body), 200);
  strictEqual(await server.post({ ...ping, ...github(body, "a wrong secret 123") }, body), 401);
  strictEqual(server.rings, 0);
});

Deno.test("HookServer does not ring for refs that are not the grid's, and says 204", async () => {
  await using server = await Rung.open();
  const other = JSON.stringify({ ref: "refs/heads/other" });
  strictEqual(await server.post(github(other), other), 204);
  const form = new URLSearchParams({ payload: other }).toString();
  const type = { "content-type": "application/x-www-form-urlencoded" };
  strictEqual(await server.post({ ...github(form), ...type }, form), 204);
  strictEqual(server.rings, 0);
  const main = new URLSearchParams({ payload: PUSH }).toString();
  strictEqual(await server.post({ ...github(main), ...type }, main), 202);
});

for (const body of ["", "no JSON", "[]", "null", '{"ref": 1}', "{}"]) {
  Deno.test(`HookServer rings for what may be about the grid: ${body}`, async () => {
    await using server = await Rung.open();
    strictEqual(await server.post(github(body), body), 202);
    strictEqual(server.rings, 1);
  });
}

Deno.test("HookServer reads a body of 1 MiB, and no more, whatever its length is said to be", async () => {
  await using server = await Rung.open();
  const fitting = "x".repeat(MAX_BODY_BYTES);
  strictEqual(await server.post(github(fitting), fitting), 202);
  const tooLong = fitting + "x";
  strictEqual(await server.post(github(tooLong), tooLong), 413);
  // As a stream it is sent in chunks, and nothing tells its length.
  const stream = { body: new Blob([tooLong]).stream() };
  strictEqual(await server.post(github(tooLong), "", stream), 413);
  strictEqual(server.rings, 1);
});

const SHORT = { connections: 2, headersMs: 200, requestMs: 400, checkMs: 20 };

Deno.test("HookServer ends a call whose headers or body do not come, with 408", async () => {
  await using server = await Rung.open({ limits: SHORT });
  const start = `POST / HTTP/1.1\r\nHost: x\r\nX-Gitlab-Token: ${SECRET}\r\n`;
  for (const sent of ["", start, `${start}Content-Length: 9\r\n\r\n{`]) {
    const heard = await talk(server.address, sent);
    match(heard, sent === "" ? /^(HTTP\/1\.1 408 |$)/ : /^HTTP\/1\.1 408 /);
  }
  strictEqual(server.rings, 0);
});

Deno.test("HookServer takes no more connections than it has room for, and is there again later", async () => {
  await using server = await Rung.open({ limits: SHORT });
  const half = "POST / HTTP/1.1\r\nHost: x\r\n";
  const heard = await Promise.all([1, 2, 3, 4].map(() => talk(server.address, half)));
  const [waited, sentAway] = [/^HTTP\/1\.1 408 /, /^$/];
  deepStrictEqual(
    [heard.filter((it) => waited.test(it)).length, heard.filter((it) => sentAway.test(it)).length],
    [2, 2],
  );
  strictEqual(await server.post(github(PUSH)), 202);
});

Deno.test("HookServer makes one look a second of a flood, also with the right secret", async () => {
  const clock = new VirtualClock();
  let release = () => {};
  const waits: number[] = [];
  const held = {
    now: () => clock.now(),
    elapsedMs: () => clock.elapsedMs(),
    wait: (milliseconds: number) => {
      waits.push(milliseconds);
      return new Promise<void>((resolve) => release = resolve);
    },
  };
  await using server = await Rung.open({ clock: held });
  for (let call = 0; call < 20; call++) strictEqual(await server.post(gitlab()), 202);
  deepStrictEqual([server.rings, waits], [1, [1000]]);
  clock.advance(1000);
  release();
  // The answer to a further call comes after whatever was due.
  strictEqual(await server.post(gitlab("wrong")), 401);
  strictEqual(server.rings, 2);
});

Deno.test("HookServer says why it cannot listen", async () => {
  await using server = await Rung.open();
  const [hostname, port] = server.address.split(":");
  const options = { secret: SECRET, concerns: () => true, ring: () => {}, clock: systemClock };
  await rejects(HookServer.open({ hostname, port: Number(port) }, options), {
    message:
      `starting to take wake-up calls: listen EADDRINUSE: address already in use ${server.address}`,
  });
});

/** Sends some bytes, and gives everything that comes until the server ends the connection. */
async function talk(address: string, sent: string): Promise<string> {
  const [hostname, port] = address.split(":");
  using connection = await Deno.connect({ hostname, port: Number(port) });
  try {
    await connection.write(new TextEncoder().encode(sent));
    return await new Response(connection.readable).text();
  } catch (error) {
    // Who is sent away while he writes hears nothing.
    if (error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe) {
      return "";
    }
    throw error;
  }
}
