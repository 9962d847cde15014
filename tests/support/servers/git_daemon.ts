/**
 * `git://`: Git's own daemon, which knows no users and here lets everybody write.
 *
 * @module
 */
import { dirname } from "@std/path";
import type { GitHost, Hosted } from "./git_host.ts";
import { freePort, ServerProcess } from "./server_process.ts";

/** @param services what is served besides reading, as the daemon calls it */
export async function serveByGitDaemon(
  { repository }: Pick<Hosted, "repository">,
  services: string[] = ["receive-pack"],
): Promise<GitHost> {
  const port = freePort();
  const base = dirname(repository);
  const enabled = services.map((it) => `--enable=${it}`);
  const how = ["--export-all", "--reuseaddr", "--max-connections=0", ...enabled];
  const command = ["git", "daemon", "--listen=127.0.0.1", `--port=${port}`, `--base-path=${base}`];
  const address = { hostname: "127.0.0.1", port };
  const server = await ServerProcess.start([...command, ...how, base], address);
  return {
    url: `git://127.0.0.1:${port}${repository.slice(base.length)}`,
    repository,
    env: {},
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
