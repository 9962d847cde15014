/**
 * `http://` and `https://`: nginx before `git http-backend`, with a user and a password.
 *
 * @module
 */
import { dirname, join } from "@std/path";
import { userInfo } from "node:os";
import { run, textOf } from "../../../lib/process.ts";
import type { GitHost, Hosted } from "./git_host.ts";
import { type Certificate, makeCertificate } from "./keys.ts";
import { freePort, ServerProcess } from "./server_process.ts";

export const NGINX = "/usr/sbin/nginx";
export const FCGIWRAP = "/usr/sbin/fcgiwrap";
/** So many requests are answered at a time; the others wait. */
const ANSWERERS = 4;

export const USER = "tester";
export const PASSWORD = "open-sesame";

/** A server that is reached by HTTP. */
export interface HttpHost extends GitHost {
  /** The address without user and password. */
  plainUrl: string;
  /** The certificate authority's file, where it speaks TLS. */
  authority?: string;
}

/** Why it cannot be started here, or undefined. */
export async function missingForHttp(): Promise<string | undefined> {
  for (const program of [NGINX, FCGIWRAP]) {
    const isThere = await Deno.stat(program).then(() => true, () => false);
    if (!isThere) return `there is no ${program}`;
  }
  return undefined;
}

export async function serveByHttp({ repository, folder }: Hosted): Promise<HttpHost> {
  return await serve({ repository, folder });
}

export async function serveByHttps({ repository, folder }: Hosted): Promise<HttpHost> {
  return await serve({ repository, folder }, await makeCertificate(folder));
}

async function serve(
  { repository, folder }: Hosted,
  certificate?: Certificate,
): Promise<HttpHost> {
  await using stack = new AsyncDisposableStack();
  const ports: number[] = [];
  while (ports.length < ANSWERERS) ports.push(await startAnswerer(stack));
  const port = freePort();
  const base = dirname(repository);
  await Deno.writeTextFile(join(folder, "users"), `${USER}:{PLAIN}${PASSWORD}\n`);
  const file = join(folder, "nginx.conf");
  const program = await backendProgram();
  await Deno.writeTextFile(file, settings({ folder, ports, port, base, program, certificate }));
  const command = [NGINX, "-e", "stderr", "-p", folder, "-c", file];
  stack.use(await ServerProcess.start(command, { hostname: "127.0.0.1", port }));
  const servers = stack.move();
  const scheme = certificate === undefined ? "http" : "https";
  const place = `127.0.0.1:${port}${repository.slice(base.length)}`;
  return {
    url: `${scheme}://${USER}:${PASSWORD}@${place}`,
    plainUrl: `${scheme}://${place}`,
    repository,
    authority: certificate?.authority,
    env: certificate === undefined ? {} : { GIT_SSL_CAINFO: certificate.authority },
    [Symbol.asyncDispose]: () => servers.disposeAsync(),
  };
}

/** One that forks by itself would leave its children behind. */
async function startAnswerer(stack: AsyncDisposableStack): Promise<number> {
  const hostname = "127.0.0.1";
  const port = freePort();
  const command = [FCGIWRAP, "-f", "-s", `tcp:${hostname}:${port}`];
  stack.use(await ServerProcess.start(command, { hostname, port }));
  return port;
}

async function backendProgram(): Promise<string> {
  const env = { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin" };
  const { stdout } = await run(["git", "--exec-path"], { env });
  return join(textOf(stdout).trim(), "git-http-backend");
}

interface Parts {
  folder: string;
  /** Where requests are answered. */
  ports: number[];
  port: number;
  base: string;
  program: string;
  certificate?: Certificate;
}

function settings({ folder, ports, port, base, program, certificate }: Parts): string {
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${join(folder, name)};`).join("\n  ");
  const tls = certificate === undefined ? "" : `
    ssl_certificate ${certificate.certificate};
    ssl_certificate_key ${certificate.key};`;
  // Where root starts it, its workers would be somebody who may not read the repository.
  const user = Deno.uid() === 0 ? `user ${userInfo().username};` : "";
  return `daemon off;
${user}
worker_processes 1;
pid ${join(folder, "nginx.pid")};
error_log stderr;
events {}
http {
  access_log off;
  upstream answerers {
    least_conn;
    ${ports.map((it) => `server 127.0.0.1:${it};`).join(" ")}
  }
  ${places}
  server {
    listen 127.0.0.1:${port}${certificate === undefined ? "" : " ssl"};${tls}
    client_max_body_size 0;
    auth_basic "the grid";
    auth_basic_user_file ${join(folder, "users")};
    location / {
      fastcgi_pass answerers;
      fastcgi_read_timeout 300;
      fastcgi_param SCRIPT_FILENAME ${program};
      fastcgi_param GIT_PROJECT_ROOT ${base};
      fastcgi_param GIT_HTTP_EXPORT_ALL "";
      fastcgi_param GIT_PROTOCOL $http_git_protocol;
      fastcgi_param PATH_INFO $uri;
      fastcgi_param REMOTE_USER $remote_user;
      fastcgi_param REMOTE_ADDR $remote_addr;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
    }
  }
}
`;
}
