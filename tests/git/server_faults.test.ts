/**
 * Servers over HTTP that break off, answer something else, or answer later. Each is a real Git server
 * but for what the test does to its answers.
 *
 * @module
 */
import { deepStrictEqual as same, equal, ok, rejects } from "node:assert/strict";
import { join } from "@std/path";
import { GitCounters } from "../../lib/git/git_counters.ts";
import type { Patience } from "../../lib/git/retry.ts";
import { GitStore } from "../../lib/ledger/git_store.ts";
import type { Oid } from "../../lib/ledger/store.ts";
import { RefNames } from "../../lib/protocol/layout.ts";
import { run, textOf } from "../../lib/process.ts";
import { bareRepository, commitFiles, plainGit, temporaryFolder } from "../support/git_server.ts";
import { VirtualClock } from "../support/memory_grid.ts";
import { bytes, hostOf } from "./workshop.ts";

const names = new RefNames();
const MAIN = names.branch;

/** What the test puts in the place of an answer; undefined for the real one. */
type Meddle = (asked: Asked, answer: () => Promise<Response>) => Promise<Response> | undefined;
interface Asked {
  /** What Git wants: to see the refs, to fetch, or to push. */
  wants: "refs" | "fetch" | "push";
  /** How many requests there have been, from 1. */
  count: number;
}

/** A repository behind HTTP, and a store that waits by a clock that takes no time. */
interface Web extends AsyncDisposable {
  folder: string;
  server: string;
  store: GitStore;
  counters: GitCounters;
  clock: VirtualClock;
  tip: Oid;
  meddle?: Meddle;
  asked: Asked[];
}

async function openWeb(): Promise<Web> {
  const { path: folder, [Symbol.asyncDispose]: remove } = await temporaryFolder();
  const server = await bareRepository(folder);
  await plainGit(server, "config", "http.receivepack", "true");
  await plainGit(server, "config", "uploadpack.allowFilter", "true");
  await commitFiles(folder, server, { a: "1", large: "x".repeat(5_000) });
  const clock = new VirtualClock();
  const http = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => answer(web, request),
  );
  const url = `http://127.0.0.1:${http.addr.port}/server.git`;
  const patience: Patience = { clock, random: () => 0 };
  const home = join(folder, "home");
  const counters = new GitCounters();
  const store = await GitStore.open({ url, home, names, host: hostOf(folder), patience, counters });
  const tip = (await plainGit(server, "rev-parse", "main")).trim();
  const web: Web = {
    folder,
    server,
    store,
    counters,
    clock,
    tip,
    asked: [],
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]();
      await http.shutdown();
      await remove();
    },
  };
  return web;
}

async function answer(web: Web, request: Request): Promise<Response> {
  const body = new Uint8Array(await request.arrayBuffer());
  const isPush = request.url.includes("receive-pack");
  const isLook = request.method === "GET" || textOf({ bytes: body, truncated: true })
    .includes("command=ls-refs");
  const wants = isPush ? "push" : isLook ? "refs" : "fetch";
  const asked: Asked = { wants, count: web.asked.length + 1 };
  web.asked.push(asked);
  const real = () => backend(web, request, body);
  return await (web.meddle?.(asked, real) ?? real());
}

/** What `git http-backend` says, which speaks CGI (RFC 3875). */
async function backend({ folder }: Web, request: Request, body: Uint8Array): Promise<Response> {
  const url = new URL(request.url);
  const env = {
    PATH: Deno.env.get("PATH")!,
    GIT_PROJECT_ROOT: folder,
    GIT_HTTP_EXPORT_ALL: "1",
    PATH_INFO: url.pathname,
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: request.headers.get("content-type") ?? "",
    CONTENT_LENGTH: String(body.length),
    HTTP_CONTENT_ENCODING: request.headers.get("content-encoding") ?? "",
    GIT_PROTOCOL: request.headers.get("git-protocol") ?? "",
  };
  const { stdout } = await run(["git", "http-backend"], { env, stdin: body });
  const text = new TextDecoder("latin1").decode(stdout.bytes);
  const end = text.indexOf("\r\n\r\n");
  const headers = text.slice(0, end).split("\r\n").map((line) => line.split(": "));
  const status = Number(headers.find(([name]) => name === "Status")?.[1].slice(0, 3) ?? 200);
  const kept = headers.filter(([name]) => name !== "Status") as [string, string][];
  return new Response(stdout.bytes.slice(end + 4), { status, headers: kept });
}

/** An answer whose line breaks after a part of it. */
async function broken(answer: Promise<Response>, share: number): Promise<Response> {
  const { headers, status, body } = await whole(answer);
  headers.set("content-length", String(body.length));
  const part = body.slice(0, Math.floor(body.length * share));
  return new Response(new Blob([part]).stream(), { headers, status });
}

async function whole(answer: Promise<Response>) {
  const response = await answer;
  const body = new Uint8Array(await response.arrayBuffer());
  return { headers: new Headers(response.headers), status: response.status, body };
}

const PAGE = "<html>\n<body>please\tlog in</body>\n</html>\n";
const page = () =>
  Promise.resolve(new Response(PAGE, { headers: { "content-type": "text/html" } }));
const status = (code: number) => Promise.resolve(new Response("no", { status: code }));
const type = { "content-type": "application/x-git-upload-pack-advertisement" };

const LOOKS: [what: string, instead: Meddle][] = [
  ["429", () => status(429)],
  ["500", () => status(500)],
  ["502", () => status(502)],
  ["503", () => status(503)],
  ["a page", page],
  [
    "an empty page",
    () => Promise.resolve(new Response("", { headers: { "content-type": "text/html" } })),
  ],
  ["a page that says to be refs", () => Promise.resolve(new Response(PAGE, { headers: type }))],
  ["half of the refs", (_, real) => broken(real(), 0.5)],
];

for (const [what, instead] of LOOKS) {
  Deno.test(`GitStore.refs() is tried again while the server answers with ${what}`, async () => {
    await using web = await openWeb();
    web.meddle = instead;
    await rejects(web.store.refs(), { trouble: "unreachable" });
    equal(web.clock.elapsedMs(), 3_750);
    web.meddle = (asked, real) => asked.count < 100 ? instead(asked, real) : undefined;
    web.asked.length = 97;
    equal((await web.store.refs()).get(MAIN), web.tip);
  });
}

for (const code of [401, 403, 404, 400]) {
  Deno.test(`GitStore.refs() is not tried again when the server answers ${code}`, async () => {
    await using web = await openWeb();
    web.meddle = () => status(code);
    await rejects(web.store.refs(), { name: "GitError" });
    equal(web.clock.elapsedMs(), 0);
  });
}

const FETCHES: [what: string, instead: Meddle][] = [
  ["answers with 502", () => status(502)],
  ["answers with a page", page],
  ["answers nothing", (_, real) => real().then(() => new Response(""))],
  ["breaks off in the middle", (_, real) => broken(real(), 0.5)],
  ["breaks off at the beginning", (_, real) => broken(real(), 0)],
  ["has its answer changed on the way", async (_, real) => {
    const { body, headers, status } = await whole(real());
    body.fill(0, body.length - 60, body.length - 30);
    return new Response(body, { headers, status });
  }],
];

for (const [what, instead] of FETCHES) {
  Deno.test(`GitStore fetches commits and contents, when the server ${what} at first`, async () => {
    await using web = await openWeb();
    let faults = 2;
    web.meddle = (asked, real) =>
      asked.wants === "fetch" && faults-- > 0 ? instead(asked, real) : undefined;
    await web.store.fetch(new Map([[MAIN, web.tip]]));
    const { oid } = (await web.store.find(web.tip, ["large"])).get("large")!;
    faults = 2;
    equal(((await web.store.read([oid], 9_999)).get(oid) as Uint8Array).length, 5_000);
    equal(web.clock.elapsedMs(), 2 * (250 + 500));
  });
}

/** A commit that is only here. */
function draft({ store, tip }: Web, text = "2"): Promise<Oid> {
  const author = { name: "tester", email: "tester@example.com" };
  const changes = [{ path: "b", bytes: bytes(text) }];
  return store.write((writer) =>
    writer.commit({ parent: tip, message: "m", author, time: 1_700_000_000, changes })
  );
}

/** Swaps the branch while the answers to pushes are meddled with. */
async function swap(web: Web, instead: Meddle) {
  await web.store.fetch(await web.store.refs());
  const next = await draft(web);
  web.asked.length = 0;
  web.meddle = (asked, real) => {
    const pushes = web.asked.filter(({ wants }) => wants === "push").length;
    // The first of two requests only shows the refs.
    return asked.wants === "push" && pushes % 2 === 0 ? instead(asked, real) : undefined;
  };
  const outcomes = await web.store.swap([{ ref: MAIN, expected: web.tip, next }], { atomic: true });
  const pushes = web.asked.filter(({ wants }) => wants === "push").length / 2;
  return { outcome: outcomes.get(MAIN)!, next, pushes };
}

const TAKEN: [what: string, instead: Meddle][] = [
  ["says nothing", (_, real) => real().then(() => new Response(""))],
  ["breaks off", (_, real) => broken(real(), 0.1)],
  ["a proxy answers 502", (_, real) => real().then(() => status(502))],
  ["a proxy answers with a page", (_, real) => real().then(page)],
];

for (const [what, instead] of TAKEN) {
  Deno.test(`GitStore.swap() is done, when the server takes a push and ${what}`, async () => {
    await using web = await openWeb();
    const { outcome, next, pushes } = await swap(web, instead);
    same(outcome, { done: true });
    equal(pushes, 1, "a push that took effect is not repeated");
    equal((await web.store.refs()).get(MAIN), next);
  });
}

for (const code of [429, 500, 502, 503]) {
  Deno.test(`GitStore.swap() pushes again, when the server answered ${code} and took nothing`, async () => {
    await using web = await openWeb();
    let faults = 2;
    const { outcome, pushes } = await swap(web, () => faults-- > 0 ? status(code) : undefined);
    same(outcome, { done: true });
    equal(pushes, 3);
    equal(web.clock.elapsedMs(), 250 + 500);
  });
}

Deno.test("GitStore.swap() gives up after five pushes, when the server takes none", async () => {
  await using web = await openWeb();
  const message = /^pushing: .*error: 503/;
  await rejects(swap(web, () => status(503)), { trouble: "unreachable", message });
  equal(web.asked.filter(({ wants }) => wants === "push").length, 2 * 5, "each asks for the refs");
  equal((await web.store.refs()).get(MAIN), web.tip);
  // Here Git ends as it does after a refusal, with 1; what is missing is an answer.
  const { operations, retries, refused_pushes } = web.counters.snapshot();
  const { count, failed } = operations.push;
  same({ count, failed, retries, refused_pushes }, {
    count: 5,
    failed: 5,
    retries: 4,
    refused_pushes: 0,
  });
});

Deno.test("GitStore.swap() pushes once, when the server does not allow it", async () => {
  await using web = await openWeb();
  await rejects(swap(web, () => status(403)), { trouble: "unauthorised" });
  equal(web.asked.filter(({ wants }) => wants === "push").length, 2);
});

Deno.test("GitStore.swap() says done, when others have gone on since a push without an answer", async () => {
  await using web = await openWeb();
  const { outcome, next } = await swap(web, async (_, real) => {
    await real();
    await commitFiles(web.folder, web.server, { c: "3" });
    return new Response("");
  });
  same(outcome, { done: true });
  const refs = await web.store.refs();
  ok(refs.get(MAIN) !== next);
  await web.store.fetch(refs);
  same(await web.store.contains(refs.get(MAIN)!, next), true);
});

Deno.test("GitStore.swap() says lost, when others were faster than a push without an answer", async () => {
  await using web = await openWeb();
  const { outcome } = await swap(web, async () => {
    await commitFiles(web.folder, web.server, { c: "3" });
    return new Response("");
  });
  ok(!outcome.done && outcome.why === "lost");
});

Deno.test("GitStore.swap() throws, when nobody answers the reading either", async () => {
  await using web = await openWeb();
  await web.store.fetch(await web.store.refs());
  const next = await draft(web);
  web.meddle = () => status(503);
  web.asked.length = 0;
  const swapping = web.store.swap([{ ref: MAIN, expected: web.tip, next }], { atomic: true });
  await rejects(swapping, { trouble: "unreachable", message: /^reading the refs: / });
  same(web.asked.map(({ wants }) => wants), ["push", ...Array(5).fill("refs")]);
});
