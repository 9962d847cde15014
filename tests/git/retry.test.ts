import { deepStrictEqual as same, equal, ok, rejects } from "node:assert/strict";
import type { Clock } from "../../lib/clock.ts";
import { GitError, type GitTrouble } from "../../lib/git/git_error.ts";
import { pauseBeforeRetry, retrying } from "../../lib/git/retry.ts";
import { VirtualClock } from "../support/memory_grid.ts";

function trouble(kind: GitTrouble): GitError {
  return new GitError(`asking: ${kind}`, kind, 128);
}

/** Asks something that fails each time; gives how often, and how long it took. */
async function ask(error: Error, random = 0, eachMs = 0) {
  const clock = new VirtualClock();
  let asked = 0;
  const failing = () => {
    asked++;
    clock.advance(eachMs);
    return Promise.reject(error);
  };
  await rejects(retrying(failing, { clock, random: () => random }), error);
  return { asked, tookMs: clock.elapsedMs() };
}

Deno.test("retrying() asks five times in less than 4 s, when nobody answers", async () => {
  same(await ask(trouble("unreachable")), { asked: 5, tookMs: 3_750 });
});

Deno.test("retrying() draws up to half of each pause", async () => {
  const { tookMs } = await ask(trouble("unreachable"), 0.999999);
  ok(tookMs >= 1_875 && tookMs < 1_876, `${tookMs}`);
});

const VAIN: GitTrouble[] = [
  "unauthorised",
  "no_repository",
  "refused",
  "server_failed",
  "damaged",
  "disk_full",
  "timed_out",
  "failed",
];

for (const kind of VAIN) {
  Deno.test(`retrying() asks once, when the answer is ${kind}`, async () => {
    same(await ask(trouble(kind)), { asked: 1, tookMs: 0 });
  });
}

Deno.test("retrying() asks once, when the error is a defect of ours", async () => {
  same(await ask(new TypeError("x")), { asked: 1, tookMs: 0 });
});

Deno.test("retrying() does not ask again, when 5 s have gone by", async () => {
  equal((await ask(trouble("unreachable"), 0, 2_000)).asked, 3);
  equal((await ask(trouble("unreachable"), 0, 5_000)).asked, 1);
});

Deno.test("retrying() gives the first answer that comes", async () => {
  const answers = [trouble("unreachable"), trouble("unreachable"), "here"];
  const next = () => {
    const answer = answers.shift()!;
    return typeof answer === "string" ? Promise.resolve(answer) : Promise.reject(answer);
  };
  equal(await retrying(next, { clock: new VirtualClock(), random: () => 0 }), "here");
});

Deno.test("retrying() ends at once, when it is told to stop in a pause", async () => {
  const stop = new AbortController();
  const error = trouble("unreachable");
  let asked = 0;
  const clock: Clock = {
    ...new VirtualClock(),
    now: () => new Date(0),
    elapsedMs: () => 0,
    wait: (_, signal) => {
      equal(signal, stop.signal);
      stop.abort();
      return Promise.resolve();
    },
  };
  const failing = () => {
    asked++;
    return Promise.reject(error);
  };
  await rejects(retrying(failing, { clock, random: () => 0, signal: stop.signal }), error);
  equal(asked, 1);
});

Deno.test("pauseBeforeRetry() doubles", () => {
  const pauses = [1, 2, 3, 4, 5].map((tries) => pauseBeforeRetry(tries, 0, 0));
  same(pauses, [250, 500, 1_000, 2_000, undefined]);
});
