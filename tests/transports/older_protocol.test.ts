/**
 * Git's older protocol, which ssh servers speak that do not accept GIT_PROTOCOL: what no ref names
 * cannot be had.
 *
 * @module
 */
import { equal, rejects } from "node:assert/strict";
import { join } from "@std/path";
import { systemClock } from "../../lib/clock.ts";
import { Unadvertised } from "../../lib/git/unadvertised.ts";
import { GitStore } from "../../lib/ledger/git_store.ts";
import { Ledger } from "../../lib/ledger/ledger.ts";
import { RefNames } from "../../lib/protocol/layout.ts";
import { commitFiles, plainGit } from "../support/git_server.ts";
import { serverTest } from "../support/servers/server_test.ts";
import { missingForSsh, serveBySsh } from "../support/servers/ssh.ts";
import { openHost } from "../support/servers/transports.ts";

const sshTest = serverTest(await missingForSsh());

/** A look over ssh at a grid, during which somebody moves the branch. */
async function lookWhileItMoves(moves: number): Promise<Ledger> {
  await using open = await openHost(serveBySsh);
  const { folder, host: { url, repository, env } } = open;
  await commitFiles(folder, repository, { "dgrid.json": '{"version": 1}' });
  const names = new RefNames();
  const host = { PATH: Deno.env.get("PATH")!, HOME: folder, ...env };
  await using store = await GitStore.open({ url, home: join(folder, "home"), names, host });
  const { fetch } = store;
  let moved = 0;
  store.fetch = async (tips) => {
    if (moved < moves) {
      await plainGit(repository, "update-ref", names.branch, await orphan(repository, ++moved));
    }
    await fetch.call(store, tips);
  };
  const writer = { name: "a", email: "a@example.com", clock: systemClock, random: Math.random };
  const ledger = new Ledger(store, names, writer);
  await ledger.refresh();
  equal(ledger.mainCommit, (await plainGit(repository, "rev-parse", "main")).trim());
  return ledger;
}

/** A commit of the branch's tree without a history. */
async function orphan(repository: string, number: number): Promise<string> {
  const args = ["commit-tree", "-m", String(number), "main^{tree}"];
  return (await plainGit(repository, ...args)).trim();
}

sshTest("refresh() looks again when a ref was moved between the list and the fetch", async () => {
  await lookWhileItMoves(2);
});

sshTest("refresh() gives up after five looks, and says what would help", async () => {
  await rejects(lookWhileItMoves(5), new Unadvertised("fetching"));
});
