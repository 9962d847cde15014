/**
 * A real Git server: `git daemon` on this machine, which takes pushes and remembers every one.
 *
 * @module
 */
import { plainGit } from "../support/git_server.ts";
import { serveByGitDaemon } from "../support/servers/git_daemon.ts";

/** What the server's repository is told. */
const SETTINGS = {
  "core.logAllRefUpdates": "always",
  "uploadpack.allowFilter": "true",
  "receive.fsckObjects": "true",
  // A process of the server's own that tidies up would outlive the server.
  "receive.autogc": "false",
};

/** A server for one repository. */
export interface GitDaemon extends AsyncDisposable {
  port: number;
}

/** Starts a server; it answers when this is done. */
export async function startGitDaemon(repository: string): Promise<GitDaemon> {
  for (const [name, value] of Object.entries(SETTINGS)) {
    await plainGit(repository, "config", name, value);
  }
  const host = await serveByGitDaemon({ repository });
  const port = Number(new URL(host.url).port);
  return { port, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
}
