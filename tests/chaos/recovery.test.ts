import { deepStrictEqual as same, equal, match } from "node:assert/strict";
import { conclude } from "./aftermath.ts";
import { ChaosGrid } from "./grid.ts";
import type { Node } from "./node.ts";
import type { Submission } from "./workload.ts";

const WAIT = "export default (ms) => new Promise((done) => setTimeout(() => done(ms), ms))";

Deno.test("an owner that was killed or halted for longer than its lease loses its tasks", async () => {
  await using grid = await ChaosGrid.start();
  const heir = grid.addNode("heir", "--label=killed=yes", "--label=halted=yes");
  const killed = grid.addNode("killed", "--label=killed=yes");
  const halted = grid.addNode("halted", "--label=halted=yes");
  await Promise.all([heir, killed, halted].map(hasBegun));
  await heir.halt(false);
  await grid.submit([
    task("slow-1", 4_000, { killed: "yes" }),
    task("slow-2", 4_000, { halted: "yes" }),
  ]);
  await Promise.all([
    killed.log.until(/slow-1: started, attempt 1/),
    halted.log.until(/slow-2: started, attempt 1/),
  ]);
  await heir.resume();
  await halted.halt(false);
  await killed.kill();

  const killedMs = performance.now();
  await heir.log.until(/slow-1: started, attempt 2/);
  const tookMs = Math.round(performance.now() - killedMs);
  console.log(`a killed owner's task was started by another node after ${tookMs} ms`);

  await heir.log.until(/slow-2: started, attempt 2/);
  const from = halted.log.lines.length;
  await halted.resume();
  await halted.log.until(/slow-2: fenced/, { from });
  const { evidence, breaches } = await conclude(grid, { stop: new AbortController().signal });
  same(breaches, []);
  for (const { node_id, attempts } of evidence.results.values()) {
    equal(node_id, "heir");
    same(attempts.map(({ outcome }) => outcome), ["lost", "success"]);
  }
});

Deno.test("a killed owner that comes back under its name and home resumes at once", async () => {
  await using grid = await ChaosGrid.start();
  const node = grid.addNode("phoenix");
  await grid.submit([task("slow-1", 60_000)]);
  await node.log.until(/slow-1: started, attempt 1/);
  await node.kill();
  const began = performance.now();
  node.start();
  await node.log.until(/slow-1: started, attempt 2/);
  const tookMs = Math.round(performance.now() - began);
  console.log(`a killed owner resumed ${tookMs} ms after its restart`);
  await node.kill();
  same(await grid.orphansLeft(), []);
});

Deno.test("a second process under the name of a living node refuses to start", async () => {
  await using grid = await ChaosGrid.start();
  const node = grid.addNode("original");
  await hasBegun(node);
  const { code, stderr } = await grid.playground.run(
    node.command(`${node.home}.other`),
    { env: grid.env },
  );
  equal(code === 0, false);
  match(stderr, /another process gives signs of life under that name/);
  equal(node.isRunning, true);
});

function task(task_id: string, input: number, labels: Record<string, string> = {}): Submission {
  return { task_id, kind: "slow", task: { task_id, module: WAIT, input, labels } };
}

async function hasBegun({ id, log }: Node): Promise<void> {
  await log.until(new RegExp(`${id} runs module`));
}
