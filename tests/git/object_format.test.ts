/**
 * Grids in repositories that name their objects by SHA-256.
 *
 * @module
 */
import { deepStrictEqual as same, equal, match, notEqual } from "node:assert/strict";
import { join } from "@std/path";
import { openLocalCopy } from "../../lib/git/local_copy.ts";
import { askFormat, formatInTrace, type ObjectFormat } from "../../lib/git/object_format.ts";
import { GitStore } from "../../lib/ledger/git_store.ts";
import { RefNames } from "../../lib/protocol/layout.ts";
import { plainGit, type TemporaryFolder, temporaryFolder } from "../support/git_server.ts";
import { Playground } from "../support/playground.ts";
import { bytes, hostOf } from "./workshop.ts";

const FORMATS: ObjectFormat[] = ["sha1", "sha256"];

/** What git 2.39 wrote, captured. */
const TRACES: [what: string, format: ObjectFormat, trace: string][] = [
  [
    "protocol 2",
    "sha256",
    "17:54:29.604445 pkt-line.c:80           packet:    ls-remote< ls-refs=unborn\n" +
    "17:54:29.604453 pkt-line.c:80           packet:    ls-remote< object-format=sha256\n" +
    "17:54:29.604475 pkt-line.c:80           packet:    ls-remote> object-format=sha256\n",
  ],
  [
    "protocol 2 with SHA-1",
    "sha1",
    "17:54:29.604453 pkt-line.c:80           packet:    ls-remote< object-format=sha1\n",
  ],
  [
    "only our own word",
    "sha1",
    "17:54:29.604475 pkt-line.c:80           packet:    ls-remote> object-format=sha256\n",
  ],
  [
    "protocol 0",
    "sha256",
    `18:06:31.805258 pkt-line.c:80 packet: git< ${
      "0".repeat(64)
    } capabilities^{}\\0multi_ack object-format=sha256 agent=git/2.45\n`,
  ],
  ["protocol 0 of an older server", "sha1", "18:06:31.8 pkt-line.c:80 packet: git< 0000\n"],
  ["nothing", "sha1", ""],
];

for (const [what, format, trace] of TRACES) {
  Deno.test(`formatInTrace() sees ${format} in: ${what}`, () => {
    equal(formatInTrace(trace), format);
  });
}

async function repository({ path }: TemporaryFolder, format: ObjectFormat): Promise<string> {
  const how = [`--object-format=${format}`, "--initial-branch=main"];
  await plainGit(path, "init", "--quiet", "--bare", ...how, "server.git");
  return join(path, "server.git");
}

for (const format of FORMATS) {
  Deno.test(`askFormat() is told ${format} by an empty repository`, async () => {
    await using folder = await temporaryFolder();
    const url = await repository(folder, format);
    const copy = await openLocalCopy(url, join(folder.path, "home"), [], hostOf(folder.path));
    equal((await askFormat(copy.git)).format, format);
    copy.release();
  });
}

const names = new RefNames();
const open = (url: string, folder: string) =>
  GitStore.open({ url, home: join(folder, "home"), names, host: hostOf(folder) });

/** Pushes a first commit, and gives its id. */
async function begin(store: GitStore): Promise<string> {
  same([...await store.refs()], []);
  const author = { name: "tester", email: "tester@example.com" };
  const changes = [{ path: "a/b", bytes: bytes("1") }];
  const order = { message: "m", author, time: 1_700_000_000, changes };
  const next = await store.write((writer) => writer.commit(order));
  const outcomes = await store.swap([{ ref: names.branch, next }], { atomic: true });
  same(outcomes.get(names.branch), { done: true });
  return next;
}

Deno.test("GitStore works with an empty repository of SHA-256, and with one that is not", async () => {
  await using folder = await temporaryFolder();
  const url = await repository(folder, "sha256");
  await using one = await open(url, folder.path);
  const tip = await begin(one);
  equal(tip.length, 64);
  await using two = await open(url, folder.path);
  const refs = await two.refs();
  same([...refs], [[names.branch, tip]]);
  await two.fetch(refs);
  same((await two.list(tip, "a")).map(({ path }) => path), ["a/b"]);
});

Deno.test("GitStore keeps its copy of a repository of SHA-256", async () => {
  await using folder = await temporaryFolder();
  const url = await repository(folder, "sha256");
  let tip: string;
  {
    await using store = await open(url, folder.path);
    tip = await begin(store);
  }
  await using again = await open(url, folder.path);
  // Nothing is fetched, so it is there from before.
  equal((await again.log(tip, 1))[0].oid, tip);
});

Deno.test("GitStore makes its copy again, when the repository has another hash than before", async () => {
  await using folder = await temporaryFolder();
  const url = await repository(folder, "sha1");
  await using store = await open(url, folder.path);
  equal((await begin(store)).length, 40);
  for (const format of FORMATS.toReversed()) {
    await Deno.remove(url, { recursive: true });
    await repository(folder, format);
    await using other = await open(url, folder.path);
    for (const it of [store, other]) same([...await it.refs()], []);
    const tip = await begin(other);
    await store.fetch(await store.refs());
    equal((await store.list(tip, "a")).length, 1);
  }
});

Deno.test("a whole grid works in a repository of SHA-256", async () => {
  await using place = await Playground.empty();
  const how = ["--object-format=sha256", "--initial-branch=main"];
  await plainGit(place.folder, "init", "--quiet", "--bare", ...how, place.repo);
  for (const time of ["first", "second"]) {
    const { code, stderr } = await place.run(["init"]);
    equal(code, 0, `${time}: ${stderr}`);
  }
  equal((await place.tip()).length, 64);
  // A module, because that needs no container engine.
  await place.write("greet.js", "export default () => console.log('hello')");
  const submitted = await place.run(["submit", "--json", "--module", "greet.js"]);
  equal(submitted.code, 0, submitted.stderr);
  const worked = await place.run(["worker", "--exit-when-idle"]);
  equal(worked.code, 0, worked.stderr);
  const files = await place.files();
  const result = files.find((path) =>
    path.startsWith("tasks/completed/") && path.endsWith(".json")
  );
  notEqual(result, undefined, files.join(" "));
  const id = result!.split("/").at(-1)!.replace(".json", "");
  const shown = await place.run(["result", id]);
  match(shown.stdout, /hello/);
});
