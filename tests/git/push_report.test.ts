import { deepStrictEqual as same, equal } from "node:assert/strict";
import fc from "fast-check";
import { parsePushReport, pushCommand, type RefAnswer } from "../../lib/git/push.ts";

const A = "4985db2a17cfe22129ded63906201e3f7f3372ec";
const B = "b22ce3097a99b60d280630a3e8f477aeea3dda55";
const MAIN = "refs/heads/main";
const SHARD = "refs/dgrid/live/3";

const accepted = (ref: string, words: string): RefAnswer => ({ ref, accepted: true, words });
const refused = (ref: string, words: string): RefAnswer => ({ ref, accepted: false, words });

/** What `git push --porcelain` of git 2.39 printed, between "To …" and "Done". */
const CAPTURED: [what: string, lines: string[], answers: RefAnswer[]][] = [
  ["new refs", [`*\t${A}:${MAIN}\t[new branch]`, `*\t${A}:${SHARD}\t[new reference]`], [
    accepted(MAIN, "[new branch]"),
    accepted(SHARD, "[new reference]"),
  ]],
  ["a fast-forward", [` \t${B}:${MAIN}\t4985db2..b22ce30`], [accepted(MAIN, "4985db2..b22ce30")]],
  ["a replacement", [`+\t${A}:${MAIN}\tb22ce30...4985db2 (forced update)`], [
    accepted(MAIN, "b22ce30...4985db2 (forced update)"),
  ]],
  ["nothing to do", [`=\t${A}:${MAIN}\t[up to date]`], [accepted(MAIN, "[up to date]")]],
  ["a deletion", [`-\t:${SHARD}\t[deleted]`], [accepted(SHARD, "[deleted]")]],
  ["a lease that is lost", [
    `*\t${A}:${SHARD}\t[new reference]`,
    `!\t${B}:${MAIN}\t[rejected] (stale info)`,
  ], [accepted(SHARD, "[new reference]"), refused(MAIN, "[rejected] (stale info)")]],
  ["a deletion whose lease is lost", [`!\t(delete):${SHARD}\t[rejected] (stale info)`], [
    refused(SHARD, "[rejected] (stale info)"),
  ]],
  ["an atomic push whose lease is lost", [
    `!\t${B}:${MAIN}\t[rejected] (stale info)`,
    `!\t${A}:${SHARD}\t[rejected] (atomic push failed)`,
  ], [refused(MAIN, "[rejected] (stale info)"), refused(SHARD, "[rejected] (atomic push failed)")]],
  ["a refusal of a hook", [
    `*\t${A}:${SHARD}\t[new reference]`,
    `!\t${B}:${MAIN}\t[remote rejected] (hook declined)`,
  ], [accepted(SHARD, "[new reference]"), refused(MAIN, "[remote rejected] (hook declined)")]],
  ["an atomic push that a hook refuses", [
    `!\t${B}:${MAIN}\t[remote rejected] (hook declined)`,
    `!\t${A}:${SHARD}\t[remote rejected] (atomic push failure)`,
  ], [
    refused(MAIN, "[remote rejected] (hook declined)"),
    refused(SHARD, "[remote rejected] (atomic push failure)"),
  ]],
];

for (const [what, lines, answers] of CAPTURED) {
  Deno.test(`parsePushReport() reads what Git says of ${what}`, () => {
    same(parsePushReport(["To ../server.git", ...lines, "Done", ""].join("\n")), answers);
  });
}

Deno.test("parsePushReport() finds no answer where Git broke off", () => {
  same(parsePushReport(""), []);
  same(parsePushReport("To ../server.git\n"), []);
});

Deno.test("parsePushReport() takes no answer from the server's address", () => {
  same(parsePushReport(`To /srv/a\t${A}:${MAIN}\t[new branch]\nDone\n`), []);
});

Deno.test("parsePushReport() reads any text, a line at a time", () => {
  const line = fc.string({ unit: fc.constantFrom(..."!*+- =\t:ab/", "é", "\r", "\0") });
  fc.assert(fc.property(fc.array(line), (lines) => {
    same(parsePushReport(lines.join("\n")), lines.flatMap(parsePushReport));
    for (const { ref, words } of lines.flatMap(parsePushReport)) {
      equal((ref + words).includes("\t"), false);
    }
  }));
});

const changes = [
  { ref: MAIN, expected: A, next: B },
  { ref: SHARD, next: A },
  { ref: "refs/dgrid/nodes/n1", expected: A },
];

Deno.test("pushCommand() gives each ref its lease: the empty one where it must not exist", () => {
  same(pushCommand(changes, false), [
    "push",
    "--porcelain",
    "--progress",
    "--no-verify",
    `--force-with-lease=${MAIN}:${A}`,
    `--force-with-lease=${SHARD}:`,
    `--force-with-lease=refs/dgrid/nodes/n1:${A}`,
    "grid",
    `${B}:${MAIN}`,
    `${A}:${SHARD}`,
    ":refs/dgrid/nodes/n1",
  ]);
});

Deno.test("pushCommand() asks for all or none, when it is atomic", () => {
  equal(pushCommand(changes, true).includes("--atomic"), true);
  equal(pushCommand(changes, false).includes("--atomic"), false);
});
