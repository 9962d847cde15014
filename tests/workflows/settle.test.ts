import { deepStrictEqual as same, equal, match } from "node:assert/strict";
import { join } from "@std/path";
import { say } from "../../lib/ledger/live_edge.ts";
import { queuePath, resultPath } from "../../lib/protocol/layout.ts";
import { notRun } from "../../lib/protocol/result.ts";
import { settleGrid } from "../../workflows/settle.ts";
import { plainGit } from "../support/git_server.ts";
import { GitGrid } from "../support/git_grid.ts";
import { makeTask } from "../support/memory_grid.ts";

Deno.test("settleGrid() folds in what a worker left that stopped too early", async () => {
  const task = makeTask("a");
  await using grid = await GitGrid.with({ [queuePath("a", "medium")]: JSON.stringify(task) });
  const ledger = await grid.open("n1");
  await using _store = ledger.store;
  await ledger.refresh();
  const at = "2026-01-01T00:00:00.000Z";
  const mine = { task_id: "a", node_id: "n1", at };
  const spec = ledger.main.queue.get("a")!.blob;
  await say(ledger, [{ event: { kind: "claim", ...mine }, spec }]);
  await say(ledger, [{
    event: {
      kind: "report",
      ...mine,
      attempt: 1,
      claimed_at: at,
      outcome: "success",
      retries: 0,
      retry_at: at,
    },
    execution: { ...notRun("rejected", ""), status: "success", exit_code: 0 },
    task,
  }]);

  const home = join(grid.folder, "settle");
  const host = { PATH: Deno.env.get("PATH")! };
  equal(await settleGrid(grid.url, home, host), 1);
  equal(await settleGrid(grid.url, home, host), 0);
  const files = await plainGit(grid.url, "ls-tree", "-r", "--name-only", "main", "tasks");
  same(files.trim().split("\n"), [resultPath("a", "success")]);
  match(
    await plainGit(grid.url, "log", "-1", "--format=%s", "main"),
    /^settle: settle 1 result\n$/,
  );
});
