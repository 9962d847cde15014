import { deepStrictEqual as same, equal, ok } from "node:assert/strict";
import { join } from "@std/path";
import { GitCounters } from "../../lib/git/git_counters.ts";
import { GitStore } from "../../lib/ledger/git_store.ts";
import { RefNames } from "../../lib/protocol/layout.ts";
import { serverTest } from "../support/servers/server_test.ts";
import { openHost, TRANSPORTS } from "../support/servers/transports.ts";

/** More than Git puts into one request by HTTP (git-config, http.postBuffer). */
const BYTES = 3 * 1024 * 1024;

for (const { name, missing, serve } of Object.values(TRANSPORTS)) {
  serverTest(missing)(`3 MB go there and come back over ${name}`, async () => {
    await using open = await openHost(serve);
    const { url, env } = open.host;
    const names = new RefNames();
    const host = { PATH: Deno.env.get("PATH")!, HOME: open.folder, ...env };
    const counters = new GitCounters();
    const home = join(open.folder, "home");
    const openStore = () => GitStore.open({ url, home, names, host, counters });
    await using one = await openStore();
    await using two = await openStore();
    const bytes = new Uint8Array(BYTES);
    for (let at = 0; at < BYTES; at += 65_536) {
      crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    }
    const next = await one.write((commits) =>
      commits.commit({
        message: "much",
        author: { name: "tester", email: "tester@example.com" },
        time: 1_700_000_000,
        changes: [{ path: "much", bytes }],
      })
    );
    const outcomes = await one.swap([{ ref: names.branch, next }], { atomic: true });
    same(outcomes.get(names.branch), { done: true });
    await two.fetch(await two.refs());
    const { oid } = (await two.find(next, ["much"])).get("much")!;
    const read = (await two.read([oid], BYTES)).get(oid) as Uint8Array;
    equal(read.length, BYTES);
    equal(read.every((byte, at) => byte === bytes[at]), true);
    // Whatever the transport, the pack is counted once, on its way there and on its way back.
    const { sent, received } = counters.bytes;
    ok(Math.abs(sent / BYTES - 1) < 0.01, `${sent}`);
    ok(Math.abs(received / BYTES - 1) < 0.01, `${received}`);
  });
}
