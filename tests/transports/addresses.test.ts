/**
 * What counts as an address of a repository, and what Git makes of it.
 *
 * @module
 */
import { equal, match, throws } from "node:assert/strict";
import { isRemote, repositoryOf } from "../../lib/cli/open_grid.ts";
import { readOptions } from "../../lib/cli/parse_command_line.ts";
import { WrongUsage } from "../../lib/cli/problems.ts";
import { isLocal } from "../../lib/git/local_copy.ts";
import { Playground } from "../support/playground.ts";
import { serverTest } from "../support/servers/server_test.ts";
import { missingForSsh, serveBySsh } from "../support/servers/ssh.ts";
import { openHost, TRANSPORTS } from "../support/servers/transports.ts";

/** Git takes what stands before a colon for a host, unless there is a slash before the colon. */
const ADDRESSES: [address: string, isRemote: boolean, isLocal: boolean][] = [
  ["https://example.com/x.git", true, false],
  ["ssh://me@[::1]:22/x.git", true, false],
  ["git://[::1]/x.git", true, false],
  ["file:///srv/x.git", true, true],
  ["me@example.com:x.git", true, false],
  ["me@example.com:/srv/x.git", true, false],
  ["example.com:x.git", true, false],
  ["[::1]:x.git", true, false],
  ["[me@::1]:/srv/x.git", true, false],
  ["/srv/x.git", false, true],
  ["/srv/a:b.git", false, true],
];

for (const [address, remote, local] of ADDRESSES) {
  Deno.test(`${address} is taken for what Git takes it for`, () => {
    equal(isRemote(address), remote);
    equal(isLocal(address), local);
    equal(repositoryOf({ options: optionsWith(address) }), address);
  });
}

for (const path of ["x.git", "./a:b.git", "../x.git", "a/b:c.git"]) {
  Deno.test(`${path} is made absolute, because Git runs elsewhere`, () => {
    const address = repositoryOf({ options: optionsWith(path) });
    match(address, /^\/.*\.git$/);
    equal(isLocal(address), true);
  });
}

for (const address of ["https://me:pa/ss@example.com/x", "https://me:p#2@example.com/x"]) {
  Deno.test(`${address} is refused, and its password not shown`, () => {
    throws(
      () => repositoryOf({ options: optionsWith(address) }),
      new WrongUsage(
        "opening the grid: the repository's address is no URL; in a user's name or password, write " +
          "%2F for /, %3F for ?, %23 for #, %40 for @ and %25 for %",
      ),
    );
  });
}

serverTest(await missingForSsh())("a repository is found at user@host:path", async () => {
  await using open = await openHost(serveBySsh);
  await using user = await Playground.empty();
  const env = { DGRID_REPO_URL: open.host.shortUrl, ...open.host.env };
  for (const command of ["init", "status"]) {
    const { code, stderr } = await user.run([command], { env });
    equal(code, 0, stderr);
  }
});

Deno.test("a repository is found at a path and at a URL that a shell would have to quote", async () => {
  await using open = await openHost(TRANSPORTS.path.serve);
  await using user = await Playground.empty();
  const name = "it's a:b é@x";
  for (const repo of [`./${name}`, `file://${user.folder}/${encodeURIComponent(name)}`]) {
    const { code, stderr } = await user.run(["init", "--repo", repo]);
    equal(code, 0, stderr);
    equal((await user.run(["status", "--repo", repo])).code, 0);
  }
  equal(open.host.env.GIT_SSH_COMMAND, undefined);
});

function optionsWith(repo: string) {
  return readOptions("status", new Map([["repo", [repo]]]), {});
}
