/**
 * A real Git server: `git daemon` on this machine, which takes pushes.
 *
 * @module
 */
import { dirname } from "@std/path";
import { Lines } from "../support/playground.ts";
import { plainGit } from "../support/git_server.ts";
import { familyOf, sendSignal } from "./processes.ts";

/** What the server's repository is told. */
const SETTINGS = {
  "core.logAllRefUpdates": "always",
  "uploadpack.allowFilter": "true",
  "receive.fsckObjects": "true",
  // A process of the server's own that tidies up would outlive the server.
  "receive.autogc": "false",
};

/** Serves one repository, to processes on this machine. */
export class GitDaemon implements AsyncDisposable {
  private constructor(
    readonly port: number,
    private readonly child: Deno.ChildProcess,
    private readonly logged: PromiseLike<void>,
  ) {}

  /** Starts a server; it answers when this is done. */
  static async start(repository: string): Promise<GitDaemon> {
    for (const [name, value] of Object.entries(SETTINGS)) {
      await plainGit(repository, "config", name, value);
    }
    const port = freePort();
    const child = new Deno.Command("git", {
      args: [
        "daemon",
        "--verbose",
        "--reuseaddr",
        "--listen=127.0.0.1",
        `--port=${port}`,
        `--base-path=${dirname(repository)}`,
        "--export-all",
        "--enable=receive-pack",
        "--max-connections=0",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const log = new Lines(child.stderr);
    await log.until(/Ready to rumble/);
    // It waits for whoever does not read what it says.
    return new GitDaemon(port, child, log[Symbol.asyncDispose]());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It has a process for each connection, and is itself a child of `git`.
    await sendSignal("KILL", await familyOf(this.child.pid));
    await this.child.status;
    await this.logged;
  }
}

/** A port that was free just now. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
