/**
 * Every way to reach a repository.
 *
 * @module
 */
import { join } from "@std/path";
import { bareRepository, temporaryFolder } from "../git_server.ts";
import { serveByGitDaemon } from "./git_daemon.ts";
import type { GitHost, Hosted } from "./git_host.ts";
import { missingForHttp, serveByHttp, serveByHttps } from "./smart_http.ts";
import { missingForSsh, serveBySsh } from "./ssh.ts";

export interface Transport {
  name: string;
  /** Why its server cannot be started here, or undefined. */
  missing?: string;
  serve(hosted: Hosted): Promise<GitHost>;
}

const missingSsh = await missingForSsh();
const missingHttp = await missingForHttp();

export const TRANSPORTS: Record<"path" | "file" | "git" | "ssh" | "http" | "https", Transport> = {
  path: { name: "a path", serve: ({ repository }) => onDisk(repository, repository) },
  file: { name: "file://", serve: ({ repository }) => onDisk(repository, `file://${repository}`) },
  git: { name: "git://", serve: (hosted) => serveByGitDaemon(hosted) },
  ssh: { name: "ssh://", missing: missingSsh, serve: serveBySsh },
  http: { name: "http://", missing: missingHttp, serve: serveByHttp },
  https: { name: "https://", missing: missingHttp, serve: serveByHttps },
};

/** No server: Git itself works on the repository. */
function onDisk(repository: string, url: string): Promise<GitHost> {
  return Promise.resolve({
    url,
    repository,
    env: {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

/** A host with an empty repository, in a folder that goes with it. */
export async function openHost<T extends GitHost>(
  serve: (hosted: Hosted) => Promise<T>,
): Promise<{ host: T; folder: string; [Symbol.asyncDispose](): Promise<void> }> {
  await using stack = new AsyncDisposableStack();
  const { path: folder } = stack.use(await temporaryFolder());
  const repository = await bareRepository(folder);
  const own = join(folder, "server");
  await Deno.mkdir(own, { mode: 0o700 });
  const host = stack.use(await serve({ repository, folder: own }));
  const all = stack.move();
  return { host, folder, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
