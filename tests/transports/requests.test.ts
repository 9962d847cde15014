/**
 * How much is asked of a Git host by HTTP.
 *
 * @module
 */
import { deepStrictEqual as same, equal } from "node:assert/strict";
import { join } from "@std/path";
import { HttpMeter } from "../../bench/http_meter.ts";
import { GitStore } from "../../lib/ledger/git_store.ts";
import { RefNames } from "../../lib/protocol/layout.ts";
import { bareRepository, commitFiles, plainGit, temporaryFolder } from "../support/git_server.ts";
import { serverTest } from "../support/servers/server_test.ts";
import { missingForHttp, serveByHttp } from "../support/servers/smart_http.ts";

const httpTest = serverTest(await missingForHttp());
const names = new RefNames();

/** A repository behind a meter, and a store that has it by an address with a password. */
interface Metered extends AsyncDisposable {
  repository: string;
  meter: HttpMeter;
  store: GitStore;
}

async function openMetered(): Promise<Metered> {
  await using stack = new AsyncDisposableStack();
  const { path: folder } = stack.use(await temporaryFolder());
  const repository = await bareRepository(folder);
  await plainGit(repository, "config", "http.receivepack", "true");
  await commitFiles(folder, repository, { a: "1" });
  const meter = stack.use(await HttpMeter.serve(repository, folder));
  const host = { PATH: Deno.env.get("PATH")!, HOME: folder };
  const options = { url: meter.url, home: join(folder, "home"), names, host };
  const store = stack.use(await GitStore.open(options));
  const all = stack.move();
  return { repository, meter, store, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

httpTest("a look by HTTP is one request, with the credentials in the address", async () => {
  await using metered = await openMetered();
  const { meter, store } = metered;
  const { bytes, ...asked } = await meter.during(() => store.refs());
  same(asked, { requests: 1, fetches: 0, pushes: 0 });
  equal(bytes > 300 && bytes < 3_000, true, `${bytes} bytes`);
});

httpTest("a push by HTTP is two requests, with the credentials in the address", async () => {
  await using metered = await openMetered();
  const { meter, store } = metered;
  const expected = (await store.refs()).get(names.branch)!;
  await store.fetch(new Map([[names.branch, expected]]));
  const author = { name: "tester", email: "tester@example.com" };
  const next = await store.write((writer) =>
    writer.commit({ message: "m", author, time: 1_700_000_000, changes: [] })
  );
  const change = { ref: names.node("n1"), next };
  const { bytes: _, ...asked } = await meter.during(() => store.swap([change], { atomic: false }));
  same(asked, { requests: 2, fetches: 0, pushes: 1 });
});

/** A server that passes everything on to a Git host, and notes the credentials that it is given. */
function listen(
  host: { plainUrl: string; url: string },
  seen: (string | null)[],
): Deno.HttpServer<Deno.NetAddr> {
  const { origin } = new URL(host.plainUrl);
  const { username, password } = new URL(host.url);
  const authorization = `Basic ${btoa(`${username}:${password}`)}`;
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    seen.push(request.headers.get("authorization"));
    const { pathname, search } = new URL(request.url);
    const headers = new Headers(request.headers);
    headers.set("authorization", authorization);
    const body = request.body && await request.arrayBuffer();
    return await fetch(origin + pathname + search, { method: request.method, headers, body });
  });
}

httpTest("a host to which another one redirects is not given that one's password", async () => {
  await using folder = await temporaryFolder();
  const repository = await bareRepository(folder.path);
  await plainGit(repository, "config", "http.receivepack", "true");
  await commitFiles(folder.path, repository, { a: "1" });
  await using host = await serveByHttp({ repository, folder: folder.path });
  const seen: (string | null)[] = [];
  await using second = listen(host, seen);
  await using first = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname, search } = new URL(request.url);
    return Response.redirect(`http://localhost:${second.addr.port}${pathname}${search}`, 301);
  });
  const { pathname } = new URL(host.plainUrl);
  const url = `http://somebody:secret@127.0.0.1:${first.addr.port}${pathname}`;
  const env = { PATH: Deno.env.get("PATH")!, HOME: folder.path };
  const options = { url, home: join(folder.path, "home"), names, host: env };
  await using store = await GitStore.open(options);
  same([...(await store.refs()).keys()], [names.branch]);
  const author = { name: "tester", email: "tester@example.com" };
  const next = await store.write((writer) =>
    writer.commit({ message: "m", author, time: 1_700_000_000, changes: [] })
  );
  const ref = names.node("n1");
  same((await store.swap([{ ref, next }], { atomic: false })).get(ref), { done: true });
  same(seen.length >= 3, true);
  same(new Set(seen), new Set([null]));
});
