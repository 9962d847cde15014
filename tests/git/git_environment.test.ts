/**
 * What is pinned, by name and by what real Git then does or leaves.
 *
 * @module
 */
import { deepStrictEqual as same, equal, match, rejects } from "node:assert/strict";
import { join } from "@std/path";
import { Git } from "../../lib/git/git.ts";
import { gitEnvironment, PASSED_VARIABLES } from "../../lib/git/git_environment.ts";
import { push } from "../../lib/git/push.ts";
import { temporaryFolder } from "../support/git_server.ts";
import { ask, bytes, commit, hostOf, openWorkshop } from "./workshop.ts";

Deno.test("gitEnvironment() passes what Git needs of ours, and nothing else", () => {
  const host = Object.fromEntries(PASSED_VARIABLES.map((name) => [name, `our ${name}`]));
  const secrets = { GITHUB_TOKEN: "x", LD_PRELOAD: "x", GIT_DIR: "x", GIT_CONFIG_PARAMETERS: "x" };
  const environment = gitEnvironment({ ...host, ...secrets });
  same(PASSED_VARIABLES.map((name) => environment[name]), Object.values(host));
  same(Object.keys(secrets).filter((name) => name in environment), []);
});

Deno.test("gitEnvironment() lets nothing of ours change what is pinned", () => {
  const pinned = gitEnvironment({});
  const hostile = { ...pinned };
  for (const name of Object.keys(hostile)) hostile[name] = "hostile";
  const { GIT_SSH_COMMAND: _ours, ...rest } = gitEnvironment(hostile);
  const { GIT_SSH_COMMAND: ssh, ...expected } = pinned;
  same(rest, expected);
  equal(ssh, "ssh -oBatchMode=yes -oConnectTimeout=15 -oServerAliveInterval=15");
});

Deno.test("gitEnvironment() does not put its own ssh before the one that GIT_SSH names", () => {
  equal("GIT_SSH_COMMAND" in gitEnvironment({ GIT_SSH: "/opt/ssh" }), false);
});

Deno.test("gitEnvironment() keeps Git and ssh from asking at the terminal", () => {
  const { GIT_TERMINAL_PROMPT, GIT_SSH_COMMAND } = gitEnvironment({});
  equal(GIT_TERMINAL_PROMPT, "0");
  match(GIT_SSH_COMMAND, /^ssh -oBatchMode=yes /);
});

Deno.test("gitEnvironment() lets glibc keep some megabytes between one object and the next", () => {
  match(gitEnvironment({}).MALLOC_TRIM_THRESHOLD_, /^[1-9]\d{6,8}$/);
});

Deno.test("gitEnvironment() counts its settings right", async () => {
  await using shop = await openWorkshop();
  const environment = gitEnvironment({});
  const last = Number(environment.GIT_CONFIG_COUNT) - 1;
  const listed = await ask(shop.copy, "config", "--show-scope", "--list");
  const wanted = Array.from(
    { length: last + 1 },
    (_, index) =>
      `command\t${environment[`GIT_CONFIG_KEY_${index}`].toLowerCase()}=` +
      environment[`GIT_CONFIG_VALUE_${index}`],
  );
  same(listed.split("\n").filter((line) => line.startsWith("command\t")), wanted);
  equal(environment[`GIT_CONFIG_KEY_${last + 1}`], undefined);
});

Deno.test("Git runs no hook of the local copy", async () => {
  await using shop = await openWorkshop();
  const mark = join(shop.folder, "hook-ran");
  for (const side of [shop.copy.git, shop.copy.offline]) {
    for (const name of ["pre-push", "reference-transaction", "post-update"]) {
      const path = join(side.folder, "hooks", name);
      await Deno.writeTextFile(path, `#!/bin/sh\ntouch '${mark}'\n`, { mode: 0o755 });
    }
  }
  const oid = await commit(shop.copy, [{ path: "a", bytes: bytes("1") }]);
  await shop.copy.git.run("writing a ref", ["update-ref", "refs/x", oid]);
  // Without the --no-verify of push(), so that only the pin holds the hook.
  await shop.copy.git.run("pushing", ["push", "--quiet", "grid", `${oid}:refs/heads/main`]);
  await rejects(Deno.stat(mark), Deno.errors.NotFound);
});

Deno.test("Git starts no program that an address names", async () => {
  await using shop = await openWorkshop();
  const mark = join(shop.folder, "program-ran");
  const { git } = shop.copy;
  const words = "looking: fatal: transport 'ext' not allowed";
  await rejects(git.run("looking", ["ls-remote", `ext::touch ${mark}`]), { message: words });
  await git.run("setting", ["config", "protocol.ext.allow", "always"]);
  await rejects(git.run("looking", ["ls-remote", `ext::touch ${mark}`]), { message: words });
  await rejects(Deno.stat(mark), Deno.errors.NotFound);
});

Deno.test("Git reads what an object is, not what it was replaced by", async () => {
  await using shop = await openWorkshop();
  const one = await commit(shop.copy, [{ path: "a", bytes: bytes("true") }]);
  const two = await commit(shop.copy, [{ path: "a", bytes: bytes("false") }]);
  await shop.copy.offline.run("replacing", ["update-ref", `refs/replace/${one}`, two]);
  equal(await ask(shop.copy, "show", `${one}:a`), "true");
});

Deno.test("gitEnvironment() has Git speak English, whatever the language of the host", () => {
  const environment = gitEnvironment({
    LANG: "de_DE.UTF-8",
    LC_ALL: "de_DE.UTF-8",
    LANGUAGE: "de",
  });
  same([environment.LC_ALL, environment.LANG, environment.LANGUAGE], ["C", undefined, undefined]);
});

Deno.test("Git asks nobody for credentials", async () => {
  await using shop = await openWorkshop();
  const mark = join(shop.folder, "asked");
  const program = join(shop.folder, "ask-pass");
  await Deno.writeTextFile(program, `#!/bin/sh\ntouch '${mark}'\n`, { mode: 0o755 });
  const host = { ...hostOf(shop.folder), GIT_ASKPASS: program, SSH_ASKPASS: program };
  const git = new Git(shop.server, host);
  await git.run("setting", ["config", "core.askPass", program]);
  const stdin = bytes("protocol=http\nhost=127.0.0.1\n\n");
  equal((await git.try(["credential", "fill"], { stdin })).code, 128);
  await rejects(Deno.stat(mark), Deno.errors.NotFound);
});

Deno.test("Git pushes no more than it is asked to, whatever the user's settings say", async () => {
  await using shop = await openWorkshop();
  await Deno.writeTextFile(
    join(shop.folder, ".gitconfig"),
    "[push]\n\tfollowTags = true\n\tgpgSign = true\n\tdefault = matching\n",
  );
  const oid = await commit(shop.copy, [{ path: "a", bytes: bytes("1") }]);
  const { git } = shop.copy;
  const tagger = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
  await git.run("tagging", [...tagger, "tag", "-m", "a tag", "v1", oid]);
  const [answer] = await push(git, [{ ref: "refs/heads/main", next: oid }], false);
  equal(answer.accepted, true);
  equal(await ask({ ...shop.copy, offline: new Git(shop.server, {}) }, "tag"), "");
});

Deno.test("Git gives up an HTTP server from which nothing comes any more", async () => {
  await using folder = await temporaryFolder();
  const never = new AbortController();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () =>
      new Promise<Response>((resolve) =>
        never.signal.addEventListener("abort", () => resolve(new Response()))
      ),
  );
  const git = new Git("/nowhere", hostOf(folder.path));
  // Given last, it stands before the minute that is pinned.
  const looking = git.run("looking", [
    "-c",
    "http.lowSpeedTime=1",
    "ls-remote",
    `http://127.0.0.1:${server.addr.port}/x.git`,
  ]);
  await rejects(looking, { trouble: "timed_out", message: /Operation too slow/ });
  never.abort();
});
