/**
 * What every store must do, over servers that answer differently.
 *
 * @module
 */
import { join } from "@std/path";
import { GitStore } from "../../lib/ledger/git_store.ts";
import { RefNames } from "../../lib/protocol/layout.ts";
import { testStore } from "../ledger/store_contract.ts";
import { serverTest } from "../support/servers/server_test.ts";
import { openHost, TRANSPORTS } from "../support/servers/transports.ts";

const { git, ssh, https } = TRANSPORTS;

for (const { name, missing, serve } of [git, ssh, https]) {
  testStore(`GitStore over ${name}`, async (test) => {
    await using open = await openHost(serve);
    const { url, env } = open.host;
    const home = join(open.folder, "home");
    const host = { PATH: Deno.env.get("PATH")!, HOME: open.folder, ...env };
    await test(() => GitStore.open({ url, home, names: new RefNames(), host }));
  }, serverTest(missing));
}
