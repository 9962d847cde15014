import { join } from "@std/path";
import { GitStore } from "../../lib/ledger/git_store.ts";
import { MemoryServer, MemoryStore } from "../../lib/ledger/memory_store.ts";
import { RefNames } from "../../lib/protocol/layout.ts";
import { bareRepository, temporaryFolder } from "../support/git_server.ts";
import { testStore } from "./store_contract.ts";

testStore("MemoryStore", async (test) => {
  const server = new MemoryServer();
  await test(() => Promise.resolve(new MemoryStore(server)));
});

testStore("GitStore", async (test) => {
  await using folder = await temporaryFolder();
  const url = await bareRepository(folder.path);
  const home = join(folder.path, "home");
  const host = { PATH: Deno.env.get("PATH")! };
  await test(() => GitStore.open({ url, home, names: new RefNames(), host }));
});
