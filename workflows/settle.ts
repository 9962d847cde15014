/**
 * Folds what is finished into the branch, and ends. For a scheduled job on a Git host: it settles
 * what workers left that stopped before they did so themselves.
 *
 *     DGRID_REPO_URL   the grid's repository
 *
 * @module
 */
import { join } from "@std/path";
import { systemClock } from "../lib/clock.ts";
import { takeEnvironment } from "../lib/environment.ts";
import { giveUpNetwork } from "../lib/grants.ts";
import { GitStore } from "../lib/ledger/git_store.ts";
import { Ledger } from "../lib/ledger/ledger.ts";
import { settleAll } from "../lib/ledger/settle.ts";
import { RefNames } from "../lib/protocol/layout.ts";

/** Settles everything that is finished in the grid at `url`, and gives how many results that were. */
export async function settleGrid(
  url: string,
  home: string,
  host: Record<string, string>,
): Promise<number> {
  const names = new RefNames();
  await using store = await GitStore.open({ url, home, names, host });
  const writer = {
    name: "settle",
    email: "settle@dgrid.invalid",
    clock: systemClock,
    random: Math.random,
  };
  const ledger = new Ledger(store, names, writer);
  await ledger.refresh();
  return await settleAll(ledger);
}

if (import.meta.main) {
  const environment = await takeEnvironment();
  await giveUpNetwork();
  const url = environment.DGRID_REPO_URL;
  if (url === undefined) throw new Error("settling: DGRID_REPO_URL must name the repository");
  const home = await Deno.makeTempDir({ prefix: "dgrid-settle-" });
  try {
    console.log(`settled ${await settleGrid(url, join(home, "local"), environment)} results`);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}
