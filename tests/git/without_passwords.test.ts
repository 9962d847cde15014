import { strictEqual } from "node:assert/strict";
import { gitErrorOf } from "../../lib/git/git_error.ts";
import { withoutPasswords } from "../../lib/git/without_passwords.ts";

Deno.test("withoutPasswords() leaves other text alone", () => {
  for (
    const text of [
      "ssh git@example.com:x.git, https://example.com/@scope, me@example.com",
      '{"url":"https://example.com","mail":"me@example.com"}',
      "https://[::1]:8443/x.git",
      "file:///home/me@work/grid.git",
    ]
  ) strictEqual(withoutPasswords(text), text);
});

const HIDDEN: [text: string, shown: string][] = [
  ["'https://me:secret@example.com/x.git'", "'https://***@example.com/x.git'"],
  ["https://secret@example.com", "https://***@example.com"],
  ["HTTP://me:secret@[::1]:80/", "HTTP://***@[::1]:80/"],
  ["https://me:se@cret@example.com/@x", "https://***@example.com/@x"],
  ["https://me:it'secret@example.com/", "https://***@example.com/"],
  ["ssh://me:secret@a, git+ssh://:secret@b", "ssh://***@a, git+ssh://***@b"],
];

for (const [text, shown] of HIDDEN) {
  Deno.test(`withoutPasswords() hides what is secret in ${text}`, () => {
    strictEqual(withoutPasswords(text), shown);
  });
}

Deno.test("gitErrorOf() hides what is secret, whatever Git says", () => {
  const words = "fatal: cannot use https://me:secret@example.com/x.git";
  const stderr = { bytes: new TextEncoder().encode(words), truncated: false };
  const nothing = { bytes: new Uint8Array(), truncated: false };
  const how = { code: 128, signal: null, timedOut: false, durationMs: 1 };
  const { message } = gitErrorOf("looking", { ...how, stdout: nothing, stderr });
  strictEqual(message, "looking: fatal: cannot use https://***@example.com/x.git");
});
