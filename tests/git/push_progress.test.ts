import { deepStrictEqual as same, equal } from "node:assert/strict";
import { textOf } from "../../lib/process.ts";
import { withoutProgress } from "../../lib/git/push_progress.ts";

/** What `git push --progress` of Git 2.39 writes, with a server that has meters of its own. */
const METERS = "Enumerating objects: 12, done.\n" +
  "Counting objects:  50% (6/12)\rCounting objects: 100% (12/12)\r" +
  "Counting objects: 100% (12/12), done.\nDelta compression using up to 2 threads\n" +
  "Compressing objects: 100% (2/2), done.\nWriting objects:  14% (1/7)\r" +
  "Writing objects:  57% (4/7), 1.00 MiB | 500.00 KiB/s\r" +
  "Writing objects: 100% (7/7), SIZE | 217.00 KiB/s, done.\n" +
  "Total 7 (delta 1), reused 0 (delta 0), pack-reused 0\n" +
  "remote: Resolving deltas:   0% (0/1)        \r" +
  "remote: Resolving deltas: 100% (1/1), completed with 1 local object.        \n";

function pushed(stderr: string) {
  const stream = { bytes: new TextEncoder().encode(stderr), truncated: false };
  const none = { bytes: new Uint8Array(), truncated: false };
  const result = { code: 1, signal: null, stdout: none, timedOut: false, durationMs: 1 };
  const { sentBytes, result: rest } = withoutProgress({ ...result, stderr: stream });
  return { sentBytes, words: textOf(rest.stderr) };
}

const SIZES: [shown: string, bytes: number][] = [
  ["1 byte", 1],
  ["435 bytes", 435],
  ["8.73 KiB", 8_940],
  ["1.50 MiB", 1_572_864],
  ["2.00 GiB", 2_147_483_648],
];

for (const [shown, expected] of SIZES) {
  Deno.test(`withoutProgress() reads ${shown} as what was sent, and leaves no word`, () => {
    const { sentBytes, words } = pushed(METERS.replace("SIZE", shown));
    same([sentBytes, words.trim()], [expected, ""]);
  });
}

Deno.test("withoutProgress() leaves what else was said, also between two meters", () => {
  const said = "remote: this branch is protected\nerror: failed to push some refs\n";
  const between = METERS.replace("Total 7", "fatal: the remote end hung up\nTotal 7");
  const { words } = pushed(between.replace("SIZE", "1 byte") + said);
  equal(words.trim(), `fatal: the remote end hung up\n${said}`.trim());
});

Deno.test("withoutProgress() finds nothing sent where there is no meter", () => {
  equal(pushed("Everything up-to-date\n").sentBytes, 0);
});
