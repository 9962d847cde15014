/**
 * How Git gets in: by what the user has set up for it, and never by a password that others can read
 * afterwards.
 *
 * @module
 */
import { equal, match, ok } from "node:assert/strict";
import { join } from "@std/path";
import { GitError } from "../../lib/git/git_error.ts";
import { GitStore } from "../../lib/ledger/git_store.ts";
import { RefNames } from "../../lib/protocol/layout.ts";
import { plainGit } from "../support/git_server.ts";
import { Playground } from "../support/playground.ts";
import { serveByGitDaemon } from "../support/servers/git_daemon.ts";
import { serverTest } from "../support/servers/server_test.ts";
import {
  missingForHttp,
  PASSWORD,
  serveByHttp,
  serveByHttps,
  USER,
} from "../support/servers/smart_http.ts";
import { missingForSsh, serveBySsh } from "../support/servers/ssh.ts";
import { openHost } from "../support/servers/transports.ts";

const httpTest = serverTest(await missingForHttp());
const sshTest = serverTest(await missingForSsh());

/** How many refs a repository has, as somebody sees it whose home is this folder. */
async function look(folder: string, url: string, env: Record<string, string>): Promise<number> {
  const host = { PATH: Deno.env.get("PATH")!, HOME: folder, ...env };
  const options = { url, home: join(folder, "home"), names: new RefNames(), host };
  await using store = await GitStore.open(options);
  return (await store.refs()).size;
}

/** How such a look fails. */
async function failure(...[folder, url, env]: Parameters<typeof look>): Promise<GitError> {
  const failed = await look(folder, url, env).catch((error) => error);
  ok(failed instanceof GitError, String(failed));
  return failed;
}

httpTest("a wrong password is unauthorised, and shown nowhere", async () => {
  await using open = await openHost(serveByHttp);
  const url = open.host.url.replace(PASSWORD, "hunter2");
  const error = await failure(open.folder, url, {});
  equal(error.trouble, "unauthorised");
  equal(
    error.message,
    `reading the refs: fatal: Authentication failed for '${open.host.plainUrl}/'`,
  );
  await using user = await Playground.empty();
  const { code, stderr } = await user.run(["status", "--log-level=debug"], {
    env: { DGRID_REPO_URL: url },
  });
  equal(code, 1);
  match(stderr, /; check the credentials that git uses for this host\n/);
  equal(stderr.includes("hunter2"), false, stderr);
});

httpTest("no password at all is unauthorised, and nobody is asked", async () => {
  await using open = await openHost(serveByHttp);
  const error = await failure(open.folder, open.host.plainUrl, {});
  equal(error.trouble, "unauthorised");
  match(error.message, /could not read Username .*: terminal prompts disabled/);
});

httpTest("the user's credential helper and authority are used", async () => {
  await using open = await openHost(serveByHttps);
  const { folder, host: { plainUrl, authority } } = open;
  const passwords = join(folder, "passwords");
  const stored = new URL("/", plainUrl).href.replace("://", `://${USER}:${PASSWORD}@`);
  await Deno.writeTextFile(passwords, `${stored}\n`);
  const settings = `[http]\nsslCAInfo = ${authority}\n` +
    `[credential]\nhelper = store --file=${passwords}\n`;
  await Deno.writeTextFile(join(folder, ".gitconfig"), settings);
  equal(await look(folder, plainUrl, {}), 0);
  const elsewhere = join(folder, "other-settings");
  await Deno.rename(join(folder, ".gitconfig"), elsewhere);
  equal(await look(folder, plainUrl, { GIT_CONFIG_GLOBAL: elsewhere }), 0);
});

httpTest("a certificate of an unknown authority is refused, whatever else is right", async () => {
  await using open = await openHost(serveByHttps);
  const { message } = await failure(open.folder, open.host.url, {});
  match(message, /certificate/);
  equal(message.includes(PASSWORD), false);
});

sshTest("a key that the server does not know is unauthorised", async () => {
  await using open = await openHost(serveBySsh);
  const { trouble, message } = await failure(open.folder, open.host.url, open.host.strangersEnv);
  equal(trouble, "unauthorised", message);
  match(message, /Permission denied \(publickey\)/);
});

sshTest("a server whose key nobody knows is unauthorised, and nobody is asked", async () => {
  await using open = await openHost(serveBySsh);
  const ssh = open.host.env.GIT_SSH_COMMAND.replace(/known_hosts/, "unknown_hosts");
  const { trouble, message } = await failure(open.folder, open.host.url, { GIT_SSH_COMMAND: ssh });
  equal(trouble, "unauthorised", message);
  match(message, /Host key verification failed/);
});

Deno.test("a host that only lets read is told when a worker starts", async () => {
  await using open = await openHost(({ repository }) => serveByGitDaemon({ repository }, []));
  await using user = await Playground.empty();
  equal((await user.run(["init", "--repo", open.host.repository])).code, 0);
  const { code, stderr } = await user.run(["worker"], { env: { DGRID_REPO_URL: open.host.url } });
  equal(code, 1);
  match(
    stderr,
    /^dgrid: creating a ref below refs\/dgrid: the host refuses: pushing: .*access denied/,
  );
});

httpTest(
  "a password in the URL stands in nothing that is printed, logged or committed",
  async () => {
    await using open = await openHost(serveByHttp);
    await using user = await Playground.empty();
    const { url, repository } = open.host;
    const said: string[] = [];
    const task = ["--id=t", "--module=t.js"];
    await user.write("t.js", "export default () => 1");
    for (
      const args of [
        ["init"],
        ["init"],
        ["init", "--json"],
        ["submit", ...task],
        ["submit", ...task],
        ["worker", "--exit-when-idle", "--poll-interval=0.1"],
        ["worker", "--exit-when-idle", "--poll-interval=0.1", "--log-format=json"],
        ["status"],
        ["status", "--json"],
        ["result", "t", "--json"],
        ["nodes"],
        ["init", `--repo=${url.replace("http", "file")}`],
      ]
    ) {
      const options = ["--log-level=debug", ...(args.some(isRepo) ? [] : [`--repo=${url}`])];
      const { stdout, stderr } = await user.run([...args, ...options]);
      said.push(stdout + stderr);
    }
    match(said.join(""), /\*\*\*@127\.0\.0\.1:\d+\/server\.git is a grid already/);
    equal(said.join("").includes(PASSWORD), false, said.join(""));
    const all = ["log", "--all", "--patch", "--format=raw"];
    const history = await plainGit(repository, ...all);
    match(history, /submit t/);
    equal(history.includes(PASSWORD), false);
  },
);

function isRepo(argument: string): boolean {
  return argument.startsWith("--repo=");
}
