import { equal, match, rejects } from "node:assert/strict";
import { join } from "@std/path";
import { bareRepository, plainGit, temporaryFolder } from "../support/git_server.ts";
import { startGitDaemon } from "./git_daemon.ts";
import { Proxy } from "./proxy.ts";

/** A Git server behind a proxy, and somebody's repository with a commit to push. */
class Line implements AsyncDisposable {
  private constructor(
    readonly proxy: Proxy,
    private readonly server: string,
    private readonly work: string,
    private readonly things: AsyncDisposable[],
  ) {}

  static async start(): Promise<Line> {
    const folder = await temporaryFolder();
    const server = await bareRepository(folder.path);
    const daemon = await startGitDaemon(server);
    const proxy = new Proxy(daemon.port);
    const work = join(folder.path, "work");
    await plainGit(folder.path, "init", "--quiet", "--initial-branch=main", work);
    await plainGit(work, "commit", "--quiet", "--allow-empty", "--message=one");
    return new Line(proxy, server, work, [proxy, daemon, folder]);
  }

  push(): Promise<string> {
    const url = `git://127.0.0.1:${this.proxy.port}/server.git`;
    return plainGit(this.work, "push", "--quiet", url, "main");
  }

  /** Whether the server has what was to be pushed. */
  async hasIt(): Promise<boolean> {
    return await plainGit(this.server, "for-each-ref", "refs/heads/main") !== "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const thing of this.things) await thing[Symbol.asyncDispose]();
  }
}

Deno.test("Proxy hands everything on and counts it", async () => {
  await using line = await Line.start();
  await line.push();
  equal(await line.hasIt(), true);
  equal(line.proxy.connections, 1);
  equal(line.proxy.bytes.up > 100 && line.proxy.bytes.down > 100, true);
});

Deno.test("Proxy cuts a push on its way, so that it has no effect", async () => {
  await using line = await Line.start();
  line.proxy.cutNextPush({ what: "up", afterBytes: 150 });
  await rejects(line.push());
  equal(line.proxy.pushesCut, 1);
  equal(await line.hasIt(), false);
  await line.push();
  equal(await line.hasIt(), true);
});

Deno.test("Proxy cuts the answer to a push, so that it took effect and nobody knows", async () => {
  await using line = await Line.start();
  line.proxy.cutNextPush({ what: "answer", afterBytes: 0 });
  await rejects(line.push());
  equal(line.proxy.pushesCut, 1);
  equal(await line.hasIt(), true);
});

Deno.test("Proxy keeps a cut for the next push, when one was too short for it", async () => {
  await using line = await Line.start();
  line.proxy.cutNextPush({ what: "up", afterBytes: 1_000_000 });
  await line.push();
  equal(line.proxy.pushesCut, 0);
  line.proxy.spareAllPushes();
});

Deno.test("Proxy sends everybody away while it refuses", async () => {
  await using line = await Line.start();
  line.proxy.cut("refusing");
  await rejects(line.push(), (error: Error) => {
    match(error.message, /git push/);
    return true;
  });
  line.proxy.mend();
  await line.push();
  equal(await line.hasIt(), true);
});

Deno.test("Proxy keeps what was on its way while it is silent, and hands it on later", async () => {
  await using line = await Line.start();
  line.proxy.cut("silent");
  const pushed = line.push();
  await line.proxy.heldBack();
  equal(await line.hasIt(), false);
  line.proxy.mend();
  await pushed;
  equal(await line.hasIt(), true);
});
