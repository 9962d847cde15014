import { deepStrictEqual as same } from "node:assert/strict";
import { GitCounters } from "../../lib/git/git_counters.ts";
import { WorkerCounters } from "../../lib/worker/worker_counters.ts";
import { watchTime } from "../../bench/time_parts.ts";

/** The counters of a worker, and its clock, which only moves by hand. */
function makeWorker() {
  const clock = { ms: 0, now: () => new Date(0), elapsedMs: () => clock.ms };
  return { clock, counters: new WorkerCounters(clock) };
}

Deno.test("watchTime() tells what part each command took since it began, and what is left", async () => {
  const git = new GitCounters();
  git.noteTime("push", 1_000);
  const { clock, counters } = makeWorker();
  const partsOf = watchTime(git);
  git.noteTime("push", 100);
  git.noteTime("cat-file", 20);
  await counters.timed("wait", () => Promise.resolve(clock.ms = 50));
  clock.ms = 200;
  same(partsOf(counters), {
    "in git push, %": 50,
    "in git fast-import, %": 0,
    "in git cat-file, %": 10,
    "in git ls-remote, %": 0,
    "in git fetch, %": 0,
    "waiting, %": 25,
    "in its own code, %": 15,
  });
});

Deno.test("watchTime() leaves nothing for the worker's own code, when commands overlap", () => {
  const git = new GitCounters();
  const { clock, counters } = makeWorker();
  const partsOf = watchTime(git);
  git.noteTime("push", 80);
  git.noteTime("fetch", 80);
  clock.ms = 100;
  same(partsOf(counters)["in its own code, %"], 0);
});
