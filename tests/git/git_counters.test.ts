/**
 * What Git's counters count: by themselves, and with a real Git.
 *
 * @module
 */
import { deepStrictEqual as same, equal, ok, rejects } from "node:assert/strict";
import { join } from "@std/path";
import { commandIn, GitCounters } from "../../lib/git/git_counters.ts";
import { GitStore } from "../../lib/ledger/git_store.ts";
import type { Change, Oid } from "../../lib/ledger/store.ts";
import { RefNames } from "../../lib/protocol/layout.ts";
import { bareRepository, commitFiles, plainGit, temporaryFolder } from "../support/git_server.ts";
import { VirtualClock } from "../support/memory_grid.ts";
import { bytes, hostOf, openWorkshop } from "./workshop.ts";

const names = new RefNames();
const MAIN = names.branch;

Deno.test("commandIn() gives the command behind its settings and flags", () => {
  equal(commandIn(["fetch", "--quiet", "grid"]), "fetch");
  equal(commandIn(["-c", "fetch.negotiationAlgorithm=noop", "--no-pager", "fetch"]), "fetch");
});

Deno.test("GitCounters gives what was counted by kind, and stays apart from what it gave", () => {
  const counters = new GitCounters();
  for (const kind of ["push", "fetch", "push"]) counters.noteStart(kind);
  counters.noteFailure("push");
  counters.noteTime("push", 1.4);
  counters.noteTime("push", 1.4);
  counters.noteRetry();
  const before = counters.snapshot();
  counters.noteStart("push");
  same(before.operations, {
    fetch: { count: 1, failed: 0, ms: 0 },
    push: { count: 2, failed: 1, ms: 3 },
  });
  equal(before.retries, 1);
});

Deno.test("GitCounters counts a push as refused once, however many of its refs are", () => {
  const counters = new GitCounters();
  counters.noteAnswered(["moved", "moved"]);
  counters.noteAnswered(["moved", "lost", "lost", "refused"]);
  const { refs, refused_pushes } = counters.snapshot();
  same(refs, { moved: 3, lost: 2, refused: 1 });
  equal(refused_pushes, 1);
});

Deno.test("Git counts what fails: for run() an exit code of 1 does, for try() it is an answer", async () => {
  await using shop = await openWorkshop();
  const { git, offline } = shop.copy;
  const before = git.counters.snapshot().operations["config"];
  await git.try(["config", "--get", "no.such"]);
  equal(git.counters.snapshot().operations["config"].failed, before.failed);
  await rejects(offline.run("asking", ["config", "--get", "no.such"]));
  const after = git.counters.snapshot().operations["config"];
  same([after.count, after.failed], [before.count + 2, before.failed + 1]);
  ok(after.ms > before.ms);
});

/** A grid on disk, two who work with it, and a clock that takes no time. */
async function openShop() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder()).path;
  const url = await bareRepository(folder);
  await commitFiles(folder, url, { a: "1" });
  const patience = { clock: new VirtualClock(), random: () => 0 };
  const open = async (counters: GitCounters) => {
    const home = join(folder, "home");
    const options = { url, home, names, host: hostOf(folder), patience, counters };
    return stack.use(await GitStore.open(options));
  };
  const counters = new GitCounters();
  const store = await open(counters);
  const other = await open(new GitCounters());
  const all = stack.move();
  return { url, store, counters, other, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function commit(store: GitStore, parent: Oid | undefined, text: string): Promise<Oid> {
  const author = { name: "tester", email: "tester@example.com" };
  const changes: Change[] = [{ path: "a", bytes: bytes(text) }];
  return await store.write((writer) =>
    writer.commit({ parent, message: "m", author, time: 1_700_000_000, changes })
  );
}

Deno.test("a look, a fetch and a push are counted with their bytes, and nothing is left", async () => {
  await using shop = await openShop();
  const { store, counters, url } = shop;
  const expected = (await store.refs()).get(MAIN)!;
  equal(counters.bytes.listed, `${expected}\t${MAIN}\n`.length);
  await store.fetch(new Map([[MAIN, expected]]));
  const fetched = counters.bytes.received;
  // A commit and a tree; a pack has 12 bytes before and 20 behind.
  ok(fetched > 150 && fetched < 400, `${fetched}`);
  const next = await commit(store, expected, "2".repeat(300));
  await store.swap([{ ref: MAIN, expected, next }], { atomic: false });
  const { operations, bytes, refs, refused_pushes } = counters.snapshot();
  ok(bytes.sent > 150 && bytes.sent < 400, `${bytes.sent}`);
  const counts = ["ls-remote", "fetch", "push", "fast-import"].map((kind) => operations[kind]);
  same(counts.map(({ count }) => count), [1, 1, 1, 1]);
  same(counts.map(({ failed }) => failed), [0, 0, 0, 0]);
  ok(counts.every(({ ms }) => ms > 0), JSON.stringify(counts));
  same([refs, refused_pushes], [{ moved: 1, lost: 0, refused: 0 }, 0]);
  same(await tracesBelow(join(url, "../home")), []);
});

async function tracesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) found.push(...await tracesBelow(join(folder, name)));
    else if (name.startsWith("tmp_")) found.push(name);
  }
  return found;
}

Deno.test("what a fetch brings is counted, not the contents that Git adds from here", async () => {
  await using shop = await openShop();
  const { store, other, counters } = shop;
  // A large tree, of which the next commit brings what differs.
  const files = Array.from({ length: 2_000 }, (_, n): Change => ({
    path: `f/${n}`,
    bytes: bytes(String(n)),
  }));
  const author = { name: "tester", email: "tester@example.com" };
  const push = async (changes: Change[]) => {
    const expected = (await other.refs()).get(MAIN)!;
    await other.fetch(new Map([[MAIN, expected]]));
    const order = { parent: expected, message: "m", author, time: 1_700_000_000, changes };
    const next = await other.write((writer) => writer.commit(order));
    await other.swap([{ ref: MAIN, expected, next }], { atomic: false });
    await store.fetch(await store.refs());
  };
  await push(files);
  const before = counters.bytes.received;
  ok(before > 40_000, `${before}`);
  await push([{ path: "f/new", bytes: bytes("new") }]);
  const brought = counters.bytes.received - before;
  ok(brought > 100 && brought < 1_000, `${brought}`);
});

Deno.test("a swap that is lost is a refusal and no failure", async () => {
  await using shop = await openShop();
  const { store, other, counters } = shop;
  const expected = (await store.refs()).get(MAIN)!;
  await store.fetch(new Map([[MAIN, expected]]));
  await other.fetch(await other.refs());
  const theirs = await commit(other, expected, "theirs");
  const ours = await commit(store, expected, "ours");
  await other.swap([{ ref: MAIN, expected, next: theirs }], { atomic: false });
  await store.swap([{ ref: MAIN, expected, next: ours }], { atomic: false });
  const { operations, refs, refused_pushes } = counters.snapshot();
  same([operations.push.count, operations.push.failed, refused_pushes], [1, 0, 1]);
  same(refs, { moved: 0, lost: 1, refused: 0 });
});

Deno.test("what the host does not allow is told apart from what was lost", async () => {
  await using shop = await openShop();
  const { store, counters, url } = shop;
  await plainGit(url, "config", "receive.denyNonFastForwards", "true");
  const expected = (await store.refs()).get(MAIN)!;
  const next = await commit(store, undefined, "without history");
  await store.swap([{ ref: MAIN, expected, next }], { atomic: false });
  same(counters.snapshot().refs, { moved: 0, lost: 0, refused: 1 });
});

Deno.test("a push without an answer is a failure and no refusal, and its repetition a retry", async () => {
  await using shop = await openShop();
  const { store, counters, url } = shop;
  const expected = (await store.refs()).get(MAIN)!;
  await store.fetch(new Map([[MAIN, expected]]));
  const next = await commit(store, expected, "2");
  const hook = join(url, "hooks", "pre-receive");
  // It breaks off the first time, and lets the second time pass.
  const script = `#!/bin/sh\n[ -e ${hook}.once ] && exit 0\ntouch ${hook}.once\nkill -9 $PPID\n`;
  await Deno.writeTextFile(hook, script, { mode: 0o755 });
  await store.swap([{ ref: MAIN, expected, next }], { atomic: false });
  const { operations, refs, refused_pushes, retries } = counters.snapshot();
  same([operations.push.count, operations.push.failed, retries], [2, 1, 1]);
  same([refs, refused_pushes], [{ moved: 1, lost: 0, refused: 0 }, 0]);
});
