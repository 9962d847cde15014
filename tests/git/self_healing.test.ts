/**
 * When a local copy is made again or cleaned, with a copy that only counts.
 *
 * @module
 */
import { deepStrictEqual as same, equal, rejects } from "node:assert/strict";
import { Git } from "../../lib/git/git.ts";
import { GitError, type GitTrouble } from "../../lib/git/git_error.ts";
import type { LocalCopy } from "../../lib/git/local_copy.ts";
import { type OpenCopy, SelfHealingCopy } from "../../lib/git/open_copy.ts";
import { VirtualClock } from "../support/memory_grid.ts";

/** A copy that counts what is done with it. */
class CountingCopy implements LocalCopy {
  readonly git = new Git("/nowhere", {});
  readonly offline = this.git;
  readonly format = "sha1";
  readonly packs = 0;
  made = 0;
  swept = 0;
  follow = () => Promise.resolve();
  followRedirects = () => Promise.resolve();
  sweep = () => Promise.resolve(void this.swept++);
  makeAgain = () => Promise.resolve((this.made++, this));
  release = () => {};
}

function open(refill: () => Promise<void> = () => Promise.resolve()) {
  const copy = new CountingCopy();
  const clock = new VirtualClock();
  const healing = new SelfHealingCopy(copy, refill, { clock, random: () => 0 });
  return { copy, clock, healing };
}

const failing = (trouble: GitTrouble) => () =>
  Promise.reject(new GitError(`working: ${trouble}`, trouble, 128));
const working = () => Promise.resolve();

/** Fails in the copy that is damaged, and works in any other. */
function oncePerCopy(): (open: OpenCopy) => Promise<void> {
  let first: OpenCopy | undefined;
  return (open) => (first ??= open) === open ? failing("damaged")() : working();
}

Deno.test("SelfHealingCopy makes a copy again each second, as long as reading works in it", async () => {
  const { copy, clock, healing } = open();
  for (let round = 1; round <= 10; round++) {
    await healing.reading(oncePerCopy());
    equal(copy.made, round);
    clock.advance(1_000);
  }
});

Deno.test("SelfHealingCopy makes a copy again each second, as long as writing works in it", async () => {
  const { copy, clock, healing } = open();
  for (let round = 1; round <= 10; round++) {
    await rejects(healing.writing(failing("damaged")), { trouble: "damaged" });
    await healing.writing(working);
    equal(copy.made, round);
    clock.advance(1_000);
  }
});

const ENDLESS: [what: string, fail: (healing: SelfHealingCopy) => Promise<unknown>][] = [
  ["reading", (healing) => healing.reading(failing("damaged"))],
  ["writing", (healing) => healing.writing(failing("damaged"))],
  ["reading, though writing works", async (healing) => {
    await healing.writing(working);
    await healing.reading(failing("damaged"));
  }],
  ["writing, though reading works", async (healing) => {
    await healing.reading(working);
    await healing.writing(failing("damaged"));
  }],
];

for (const [what, fail] of ENDLESS) {
  Deno.test(`SelfHealingCopy makes few copies in an hour of damage while ${what}`, async () => {
    const { copy, clock, healing } = open();
    for (let second = 0; second < 3_600; second++) {
      await rejects(fail(healing), { trouble: "damaged" });
      clock.advance(1_000);
    }
    equal(copy.made, 10);
  });
}

Deno.test("SelfHealingCopy makes few copies in an hour, when new ones cannot be filled for damage", async () => {
  const { copy, clock, healing } = open(failing("damaged"));
  for (let second = 0; second < 3_600; second++) {
    await rejects(healing.reading(failing("damaged")), { trouble: "damaged" });
    clock.advance(1_000);
  }
  equal(copy.made, 10);
});

Deno.test("SelfHealingCopy tries at once again to make a copy, when the server was away", async () => {
  let isAway = true;
  const { copy, healing } = open(() => isAway ? failing("unreachable")() : working());
  const operation = oncePerCopy();
  await rejects(healing.reading(operation), { trouble: "unreachable" });
  isAway = false;
  await healing.reading(operation);
  equal(copy.made, 2);
});

for (const [trouble, swept] of [["disk_full", 1], ["timed_out", 1], ["unreachable", 0]] as const) {
  Deno.test(`SelfHealingCopy cleans the copy ${swept} times after ${trouble}`, async () => {
    const { copy, healing } = open();
    await rejects(healing.reading(failing(trouble)), { trouble });
    equal(copy.swept, swept);
    await rejects(healing.writing(failing(trouble)), { trouble });
    equal(copy.swept, 2 * swept);
  });
}

Deno.test("SelfHealingCopy cleans nothing away from what is still under way", async () => {
  const { copy, healing } = open();
  const other = Promise.withResolvers<void>();
  const under = healing.reading(() => other.promise);
  await rejects(healing.writing(failing("disk_full")), { trouble: "disk_full" });
  equal(copy.swept, 0);
  other.resolve();
  await under;
  await rejects(healing.writing(failing("disk_full")), { trouble: "disk_full" });
  equal(copy.swept, 1);
});

Deno.test("SelfHealingCopy throws what went wrong, when it cannot be cleaned", async () => {
  const { copy, healing } = open();
  copy.sweep = () => Promise.reject(new Deno.errors.NotFound("gone"));
  await rejects(healing.reading(failing("disk_full")), { message: "working: disk_full" });
  same(copy.made, 0);
});
