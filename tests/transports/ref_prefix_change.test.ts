import { equal } from "node:assert/strict";
import { killQuietly } from "../../lib/process.ts";
import { Lines, Playground } from "../support/playground.ts";

Deno.test("a worker ends when the live edge is to be elsewhere, and says what to do", async () => {
  await using grid = await Playground.withGrid();
  const options = ["worker", "--node-id=a", "--poll-interval=0.1"];
  // Who is recorded already has nothing to write to the branch when it starts.
  equal((await grid.run([...options, "--exit-when-idle"])).code, 0);
  const worker = grid.start(options, { LOG_LEVEL: "info" });
  await using said = new Lines(worker.stderr);
  using _ended = { [Symbol.dispose]: () => killQuietly(worker) };
  await said.until(/a runs/);
  await grid.commit({ "dgrid.json": '{"version": 1, "ref_prefix": "refs/heads/dgrid"}' });
  const [line] = await said.until(/^dgrid: .*/);
  equal(
    line,
    "dgrid: reading the grid: ref_prefix has changed from refs/dgrid to refs/heads/dgrid: set it " +
      "back, stop all workers, settle, then change it and start them again",
  );
  equal((await worker.status).code, 1);
  await worker.stdin.close();
  await worker.stdout.cancel();
});
