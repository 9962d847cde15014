/**
 * Commands that stay and are spoken to, when they hang.
 *
 * @module
 */
import { rejects } from "node:assert/strict";
import { FastImport } from "../../lib/git/fast_import.ts";
import { Git } from "../../lib/git/git.ts";
import { ObjectReader } from "../../lib/git/object_reader.ts";
import { start } from "../../lib/process.ts";

const ORDER = {
  message: "m",
  author: { name: "tester", email: "tester@example.com" },
  time: 0,
  changes: [],
};

/** A git that answers nothing and stays for ever. */
class HangingGit extends Git {
  override start(): Deno.ChildProcess {
    const env = { PATH: Deno.env.get("PATH")! };
    return start(["sh", "-c", "exec tail -f /dev/null"], { env });
  }
}

const git = new HangingGit("/nowhere", {});

Deno.test("ObjectReader ends a git that does not answer in time, and starts another", async () => {
  const objects = new ObjectReader(git, 20);
  const expected = { message: "reading objects: no end within 0.02 s", trouble: "timed_out" };
  await rejects(objects.info(["HEAD"]), expected);
  await rejects(objects.contents(["HEAD"]), expected);
  await objects[Symbol.asyncDispose]();
});

Deno.test("FastImport ends a git that does not answer in time", async () => {
  const session = new FastImport(git, 20);
  const expected = { message: "writing commits: no end within 0.02 s", trouble: "timed_out" };
  await rejects(session.commit(ORDER), expected);
  await session.abort();
});

Deno.test("FastImport ends a git that does not end in time", async () => {
  const session = new FastImport(git, 20);
  await rejects(session.finish(), { trouble: "timed_out" });
  await session.abort();
});
