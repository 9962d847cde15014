/**
 * What a worker leaves of its counters on the disk, and what others read there.
 *
 * @module
 */
import { deepStrictEqual as same, equal, match } from "node:assert/strict";
import { join } from "@std/path";
import { GitCounters } from "../../lib/git/git_counters.ts";
import { type CountedNode, countedNodes } from "../../lib/worker/counted_nodes.ts";
import { CountersFile, keepWritten } from "../../lib/worker/counters_file.ts";
import { type Counts, lockPath, recordPath } from "../../lib/worker/counters_record.ts";
import { describeCounts } from "../../lib/worker/describe_counts.ts";
import { WorkerCounters } from "../../lib/worker/worker_counters.ts";
import { temporaryFolder } from "../support/git_server.ts";
import { VirtualClock } from "../support/memory_grid.ts";
import { noteWarnings } from "../support/warnings.ts";

const NOON = new Date("2026-01-01T12:00:00.000Z");

/** A worker that counts, by a clock that takes no time. */
function counting() {
  const clock = new VirtualClock();
  const worker = new WorkerCounters(clock);
  const git = new GitCounters();
  const take = (): Counts => ({ ...worker.snapshot(), git: git.snapshot() });
  return { clock, worker, git, take };
}

/** What is warned of while something is done. */
async function logged(work: () => Promise<unknown>): Promise<string[]> {
  await using warned = await noteWarnings();
  await work();
  return warned.warnings;
}

Deno.test("countedNodes() gives what a worker at work has counted, and when", async () => {
  await using folder = await temporaryFolder();
  const { worker, take } = counting();
  using file = await CountersFile.open(join(folder.path, "counters"), "n1");
  worker.noteLook(true);
  const counters = take();
  await file.write(counters, NOON);
  same(await countedNodes(join(folder.path, "counters")), [
    { node_id: "n1", is_running: true, counted_at: NOON.toISOString(), counters },
  ]);
});

Deno.test("countedNodes() tells that a worker has ended, however it has", async () => {
  await using folder = await temporaryFolder();
  const { take } = counting();
  const file = await CountersFile.open(folder.path, "n1");
  await file.write(take(), NOON);
  file[Symbol.dispose]();
  same((await countedNodes(folder.path)).map(({ is_running }) => is_running), [false]);
  // The lock file of a worker that was killed is there, and nobody holds it; this one has none.
  await Deno.remove(lockPath(folder.path, "n1"));
  same((await countedNodes(folder.path)).map(({ is_running }) => is_running), [false]);
});

Deno.test("countedNodes() finds nobody where nobody has ever worked", async () => {
  await using folder = await temporaryFolder();
  same(await countedNodes(join(folder.path, "none")), []);
});

Deno.test("countedNodes() does not take what a former life has left for a worker's own", async () => {
  await using folder = await temporaryFolder();
  const { take } = counting();
  const former = await CountersFile.open(folder.path, "n1");
  await former.write(take(), NOON);
  former[Symbol.dispose]();
  using _ = await CountersFile.open(folder.path, "n1");
  same(await countedNodes(folder.path), []);
});

Deno.test("a worker begins although somebody is just looking whether it works", async () => {
  await using folder = await temporaryFolder();
  (await CountersFile.open(folder.path, "n1"))[Symbol.dispose]();
  const looker = await Deno.open(lockPath(folder.path, "n1"), { read: true });
  equal(await looker.tryLock(false), true);
  const { lock } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.lock = async function (exclusive) {
    const locked = lock.call(this, exclusive);
    looker.close();
    await locked;
  };
  using _ = await CountersFile.open(folder.path, "n1").finally(() => {
    Deno.FsFile.prototype.lock = lock;
  });
});

Deno.test("two that look at once do not take each other for a worker", async () => {
  await using folder = await temporaryFolder();
  const { take } = counting();
  const file = await CountersFile.open(folder.path, "n1");
  await file.write(take(), NOON);
  file[Symbol.dispose]();
  using looker = await Deno.open(lockPath(folder.path, "n1"), { read: true });
  equal(await looker.tryLock(false), true);
  same((await countedNodes(folder.path)).map(({ is_running }) => is_running), [false]);
});

Deno.test("countedNodes() passes over what is no record, and says so", async () => {
  await using folder = await temporaryFolder();
  const { take } = counting();
  using file = await CountersFile.open(folder.path, "n1");
  await file.write(take(), NOON);
  await Deno.writeTextFile(recordPath(folder.path, "broken"), '{"version": 2}');
  await Deno.writeTextFile(join(folder.path, "n1.json.tmp"), "half");
  let found: CountedNode[] = [];
  const said = await logged(async () => found = await countedNodes(folder.path));
  same(found.map(({ node_id }) => node_id), ["n1"]);
  equal(said.length, 1);
  match(said[0], /broken\.json is passed over: version: /);
});

Deno.test("write() leaves the file alone, when nothing but time went on", async () => {
  await using folder = await temporaryFolder();
  const { clock, worker, git, take } = counting();
  using file = await CountersFile.open(folder.path, "n1");
  const writtenAt = async () => (await countedNodes(folder.path))[0].counted_at.slice(11, 16);
  const later = (minutes: number) => new Date(NOON.getTime() + minutes * 60_000);
  await file.write(take(), later(0));
  clock.advance(60_000);
  await file.write(take(), later(1));
  equal(await writtenAt(), "12:00");
  git.noteStart("push");
  await file.write(take(), later(2));
  equal(await writtenAt(), "12:02");
  worker.noteLook(false);
  await file.write(take(), later(3));
  equal(await writtenAt(), "12:03");
});

Deno.test("keepWritten() writes every five seconds, and what was counted last", async () => {
  await using folder = await temporaryFolder();
  const { clock, worker, take } = counting();
  using file = await CountersFile.open(folder.path, "n1");
  const over = new AbortController();
  const seen: number[] = [];
  const { write } = CountersFile.prototype;
  file.write = async (counters, now) => {
    seen.push(clock.elapsedMs());
    await write.call(file, counters, now);
    worker.noteLook(false);
    if (seen.length === 3) over.abort();
  };
  await keepWritten(file, take, { clock, signal: over.signal });
  same(seen, [0, 5_000, 10_000, 10_000]);
  const [{ counters }] = await countedNodes(folder.path);
  equal(counters.ticks?.count, 3);
});

Deno.test("keepWritten() goes on when nothing can be written, and says so once", async () => {
  await using folder = await temporaryFolder();
  const { clock, take } = counting();
  using file = await CountersFile.open(folder.path, "n1");
  const over = new AbortController();
  const { write } = CountersFile.prototype;
  let tries = 0;
  file.write = async (counters, now) => {
    if (++tries < 3) throw new Error("the disk is full");
    over.abort();
    await write.call(file, counters, now);
  };
  const said = await logged(() => keepWritten(file, take, { clock, signal: over.signal }));
  same(said, ["leaving the counters: the disk is full"]);
  equal((await countedNodes(folder.path)).length, 1);
});

Deno.test("describeCounts() is one line, in which nothing is that was not", () => {
  const { clock, git, worker, take } = counting();
  equal(
    describeCounts(take()),
    "up 0 s, now: other; ticks 0; ls-remotes 0; fetches 0; pushes 0; refs moved 0; local commands 0; " +
      "sent 0 B, received 0 B, refs listed 0 B; claims 0; begun 0; ran 0 in 0.0 s",
  );
  for (const isNews of [true, false]) worker.noteLook(isNews);
  worker.noteTrouble();
  worker.noteClaiming([{ task_id: "a", sinceMs: clock.elapsedMs() }], []);
  clock.advance(1_500);
  worker.noteBegun("a");
  worker.noteRun(2_300);
  for (const kind of ["push", "push", "ls-remote", "cat-file", "config"]) git.noteStart(kind);
  for (const kind of ["ls-remote", "config"]) git.noteFailure(kind);
  git.noteAnswered(["moved", "moved", "lost", "refused"]);
  git.noteRetry();
  Object.assign(git.bytes, { sent: 2_500_000, received: 1_234, listed: 999 });
  equal(
    describeCounts(take()),
    "up 2 s, now: other; ticks 2 (1 with news, 1 failed); ls-remotes 1 (1 failed); fetches 0; " +
      "pushes 2 (1 refused); refs moved 2 (1 lost, 1 refused); local commands 2 (1 failed); " +
      "retries 1; sent 2.5 MB, received 1.2 kB, refs listed 999 B; claims 0; " +
      "begun 1 after 1.5 s in the queue (median; longest 1.5 s); ran 1 in 2.3 s; time: other 1.5 s",
  );
});
