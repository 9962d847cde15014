import { rejects } from "node:assert/strict";
import { standingsOf } from "../../lib/ledger/results.ts";
import { resultPath } from "../../lib/protocol/layout.ts";
import { GitGrid } from "../support/git_grid.ts";
import { plainGit } from "../support/git_server.ts";

const path = resultPath("a", "success");

const bad: [what: string, mode: string, text: string, problem: RegExp][] = [
  ["a submodule", "160000", "", /: must be a plain file, and is a submodule$/],
  ["a symbolic link", "120000", "/etc/passwd", /: must be a plain file, and is a symbolic link$/],
  ["no JSON", "100644", "{", /: must be JSON \(/],
];

for (const [what, mode, text, problem] of bad) {
  Deno.test(`standingsOf() says that a result is ${what}, and does not follow it`, async () => {
    await using grid = await GitGrid.with();
    await grid.commit({}, async (work) => {
      await Deno.writeTextFile(`${work}/.git/content`, text);
      const blob = await plainGit(work, "hash-object", "-w", ".git/content");
      const oid = mode === "160000" ? "1".repeat(40) : blob.trim();
      await plainGit(work, "update-index", "--add", "--cacheinfo", `${mode},${oid},${path}`);
    });
    const ledger = await grid.open("n1");
    await using _store = ledger.store;
    await ledger.refresh();
    const message = new RegExp(`^reading ${path}${problem.source}`);
    await rejects(standingsOf(ledger, ["a"]), { message });
  });
}
