import { deepStrictEqual as same, equal, ok } from "node:assert/strict";
import type { Heard, Saying } from "../../lib/ledger/draft.ts";
import type { Ledger } from "../../lib/ledger/ledger.ts";
import { say } from "../../lib/ledger/live_edge.ts";
import { settleAll } from "../../lib/ledger/settle.ts";
import type { Execution } from "../../lib/protocol/result.ts";
import { notRun } from "../../lib/protocol/result.ts";
import { shardOf } from "../../lib/protocol/identity.ts";
import { queuePath, SHARD_PATHS } from "../../lib/protocol/layout.ts";
import { makeTask, MemoryGrid, tamper } from "../support/memory_grid.ts";

const task = makeTask("a");

function claim(ledger: Ledger, task_id: string): Saying {
  const at = ledger.writer.clock.now().toISOString();
  const spec = ledger.main.queue.get(task_id)?.blob;
  return { event: { kind: "claim", task_id, node_id: ledger.writer.name, at }, spec };
}

function report(ledger: Ledger, task_id: string, attempt = 1): Saying {
  const at = ledger.writer.clock.now().toISOString();
  const execution: Execution = { ...notRun("rejected", ""), status: "success", exit_code: 0 };
  return {
    event: {
      kind: "report",
      task_id,
      node_id: ledger.writer.name,
      attempt,
      claimed_at: ledger.stateOf(task_id)?.claimed_at ?? at,
      at,
      outcome: "success",
      retries: 0,
      retry_at: at,
    },
    execution,
    task,
  };
}

async function sayOne(ledger: Ledger, saying: Saying): Promise<Heard> {
  return (await say(ledger, [saying])).heard[0];
}

function codeOf(heard: Heard): string | undefined {
  return heard.heard ? "heard" : heard.refusal?.code;
}

Deno.test("say() makes a node the owner of a task that nobody has", async () => {
  const grid = await MemoryGrid.with([task]);
  const { ledger } = await grid.look("n1");
  const heard = await sayOne(ledger, claim(ledger, "a"));
  ok(heard.heard);
  equal(heard.state.node_id, "n1");
  same(grid.liveFiles(), ["specs/a.json", "tasks/a.json"]);
});

Deno.test("say() keeps the spec as the very content that is in the queue", async () => {
  const grid = await MemoryGrid.with([task]);
  const { ledger } = await grid.look("n1");
  await sayOne(ledger, claim(ledger, "a"));
  const { tip } = ledger.shard(shardOf("a"));
  const spec = (await ledger.store.find(tip!, ["specs/a.json"])).get("specs/a.json");
  equal(spec?.oid, ledger.main.queue.get("a")?.blob);
});

Deno.test("say() loses cleanly when somebody else was faster: the same claim is then refused", async () => {
  const grid = await MemoryGrid.with([task]);
  const { ledger: one, store } = await grid.look("n1");
  const { ledger: two } = await grid.look("n2");
  store.beforeSwap = async () => void await sayOne(two, claim(two, "a"));
  equal(codeOf(await sayOne(one, claim(one, "a"))), "taken");
  equal(one.stateOf("a")?.node_id, "n2");
});

Deno.test("say() applies its events again when the swap was lost to another task", async () => {
  const [first, second] = twoIdsOfOneShard();
  const grid = await MemoryGrid.with([makeTask(first), makeTask(second)]);
  const { ledger: one, store } = await grid.look("n1");
  const { ledger: two } = await grid.look("n2");
  store.beforeSwap = async () => void await sayOne(two, claim(two, second));
  equal(codeOf(await sayOne(one, claim(one, first))), "heard");
  same([...one.states()].map(({ node_id }) => node_id).sort(), ["n1", "n2"]);
});

Deno.test("say() finds out by reading that a push took effect although its answer was lost", async () => {
  const grid = await MemoryGrid.with([task]);
  const { ledger, store } = await grid.look("n1");
  store.answersToLose = 1;
  equal(codeOf(await sayOne(ledger, claim(ledger, "a"))), "heard");
  store.answersToLose = 1;
  equal(codeOf(await sayOne(ledger, report(ledger, "a"))), "heard");
  equal(ledger.stateOf("a")?.attempts.length, 1);
});

Deno.test("say() fences a former owner's report", async () => {
  const grid = await MemoryGrid.with([task]);
  const { ledger: one } = await grid.look("n1");
  await sayOne(one, claim(one, "a"));
  const { ledger: two } = await grid.look("n2");
  equal(codeOf(await sayOne(two, report(two, "a"))), "not_owner");
  same(grid.liveFiles().filter((path) => path.startsWith("results/")), []);
});

Deno.test("say() refuses a claim on what was settled, though the claimer's branch is old", async () => {
  const grid = await MemoryGrid.with([task]);
  const { ledger: late, store } = await grid.look("late");
  const old = late.main.commit;
  const { ledger: quick } = await grid.look("quick");
  await sayOne(quick, claim(quick, "a"));
  await sayOne(quick, report(quick, "a"));
  await settleAll(quick);
  // It sees the shards as they are, and the branch as it was.
  store.oldMain = old;
  await late.refresh();
  ok(late.main.queue.has("a"), "the old branch still has the task");
  equal(codeOf(await sayOne(late, claim(late, "a"))), "blocked");
  store.oldMain = undefined;
  equal(codeOf(await sayOne(late, claim(late, "a"))), "finished");
  same(grid.liveFiles(), []);
});

Deno.test("say() claims nothing that is not in the queue", async () => {
  const grid = await MemoryGrid.with([task]);
  const { ledger } = await grid.look("n1");
  equal(codeOf(await sayOne(ledger, claim(ledger, "nowhere"))), "finished");
});

Deno.test("say() writes everything for a shard as one commit with one readable line", async () => {
  const [first, second] = twoIdsOfOneShard();
  const grid = await MemoryGrid.with([makeTask(first), makeTask(second)]);
  const { ledger } = await grid.look("n1");
  await sayOne(ledger, claim(ledger, first));
  await say(ledger, [report(ledger, first), claim(ledger, second)]);
  const log = await ledger.store.log(ledger.shard(shardOf(first)).tip!, 5);
  same(log.map(({ subject }) => subject), [
    `n1: report ${first} (success); claim ${second}`,
    `n1: claim ${first}`,
  ]);
});

Deno.test("say() carries a heartbeat along, which fails alone", async () => {
  const grid = await MemoryGrid.with([task]);
  const { ledger } = await grid.look("n1");
  const ref = grid.names.node("n1");
  const order = { message: "x", author: { name: "n", email: "e" }, time: 0, changes: [] };
  const said = await say(ledger, [claim(ledger, "a")], { ref, order });
  equal(grid.server.refs.get(ref), said.companion);
  const again = await say(ledger, [], { ref, order: { ...order, message: "y" } });
  equal(again.companion, undefined, "its expected value was not given, so the swap is lost");
});

Deno.test("an entry that cannot be understood is left alone, and everything else goes on", async () => {
  const grid = await MemoryGrid.with([task, makeTask("b")]);
  const nonsense = new TextEncoder().encode('{"version": 2}');
  const ref = grid.names.shard(shardOf("a"));
  await tamper(grid, ref, [{ path: SHARD_PATHS.task("a"), bytes: nonsense }]);
  const { ledger } = await grid.look("n1");
  equal(codeOf(await sayOne(ledger, claim(ledger, "a"))), "blocked");
  equal(codeOf(await sayOne(ledger, claim(ledger, "b"))), "heard");
  equal(ledger.shard(shardOf("a")).broken.size, 1);
});

for (const mark of ["unreadable nonsense", "HEAD", "f".repeat(40)]) {
  Deno.test(`nothing is claimed on a shard that is settled up to "${mark}"`, async () => {
    const grid = await MemoryGrid.with([task]);
    const bytes = new TextEncoder().encode(mark);
    await tamper(grid, grid.names.shard(shardOf("a")), [{ path: SHARD_PATHS.settled, bytes }]);
    const { ledger } = await grid.look("n1");
    equal(codeOf(await sayOne(ledger, claim(ledger, "a"))), "blocked");
  });
}

Deno.test("a mark that was passed is looked at anew when the branch goes back", async () => {
  const grid = await MemoryGrid.with([task, makeTask("b")]);
  const { ledger, store } = await grid.look("n1");
  const old = ledger.main.commit;
  await sayOne(ledger, claim(ledger, "a"));
  await sayOne(ledger, report(ledger, "a"));
  await settleAll(ledger);
  equal(await ledger.reachesSettledMark(shardOf("a")), true);
  store.oldMain = old;
  await ledger.refresh();
  equal(codeOf(await sayOne(ledger, claim(ledger, "a"))), "blocked");
});

Deno.test("say() refuses a claim on a file that is another by now", async () => {
  const grid = await MemoryGrid.with([task]);
  const { ledger } = await grid.look("n1");
  const saying = claim(ledger, "a");
  const bytes = new TextEncoder().encode(JSON.stringify({ ...task, timeout_seconds: 7 }));
  await tamper(grid, grid.names.branch, [{ path: queuePath("a", "medium"), bytes }]);
  await ledger.refresh();
  equal(codeOf(await sayOne(ledger, saying)), "finished");
  equal(codeOf(await sayOne(ledger, claim(ledger, "a"))), "heard");
});

/** Two task ids that live on the same shard. */
function twoIdsOfOneShard(): [string, string] {
  const other = Array.from({ length: 100 }, (_, index) => `b${index}`)
    .find((id) => shardOf(id) === shardOf("a"));
  return ["a", other!];
}
