/**
 * Pushes that take effect and whose answer is lost, while others go on from what they did: nothing is
 * doubled, nothing is dropped.
 *
 * @module
 */
import { deepStrictEqual as same, equal, ok } from "node:assert/strict";
import { join } from "@std/path";
import type { Saying } from "../../lib/ledger/draft.ts";
import type { Ledger } from "../../lib/ledger/ledger.ts";
import { say } from "../../lib/ledger/live_edge.ts";
import { heartbeat } from "../../lib/ledger/nodes.ts";
import { settleAll } from "../../lib/ledger/settle.ts";
import type { Store } from "../../lib/ledger/store.ts";
import { submitTasks } from "../../lib/ledger/submit.ts";
import { shardOf } from "../../lib/protocol/identity.ts";
import { queuePath, resultPath } from "../../lib/protocol/layout.ts";
import { nodeRecord } from "./node_example.ts";
import { notRun } from "../../lib/protocol/result.ts";
import { GitGrid } from "../support/git_grid.ts";
import { plainGit } from "../support/git_server.ts";
import { makeTask, MemoryGrid } from "../support/memory_grid.ts";

/** A grid with the task `a` in its queue, and a way to lose the next answer. */
interface Lossy {
  ledger: Ledger;
  /** The next push takes effect, others go on from each ref that it moved, and no answer comes. */
  loseNextAnswer(): Promise<void>;
  /** The files on the branch. */
  mainFiles(): Promise<string[]>;
}

/** Somebody adds a commit that changes nothing to each ref. */
async function goOn(grid: MemoryGrid, refs: string[]): Promise<void> {
  const { store } = grid.open("somebody");
  const author = { name: "somebody", email: "somebody@example.com" };
  for (const ref of refs) {
    const parent = grid.server.refs.get(ref);
    const order = { parent, message: "on", author, time: 0, changes: [] };
    grid.server.refs.set(ref, await store.write((writer) => writer.commit(order)));
  }
}

async function inMemory(test: (lossy: Lossy) => Promise<void>): Promise<void> {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const { ledger, store } = await grid.look("n1");
  const swap: Store["swap"] = store.swap.bind(store);
  const loseNextAnswer = () => {
    store.swap = async (changes, options) => {
      store.swap = swap;
      store.answersToLose = 1;
      const outcomes = await swap(changes, options);
      await goOn(grid, changes.map(({ ref }) => ref).filter((ref) => !ref.includes("/nodes/")));
      return outcomes;
    };
    return Promise.resolve();
  };
  const mainFiles = () => Promise.resolve(grid.mainFiles());
  await test({ ledger, loseNextAnswer, mainFiles });
}

/** A heartbeat has no history, so nobody goes on from it. */
const HOOK = `#!/bin/sh
rm -- "$0"
while read -r old new ref; do
  case $ref in */nodes/*) continue;; esac
  next=$(git -c user.name=s -c user.email=s commit-tree -p "$new" -m on "$new^{tree}")
  git update-ref "$ref" "$next"
done
kill -9 $PPID
`;

async function inGit(test: (lossy: Lossy) => Promise<void>): Promise<void> {
  const path = queuePath("a", "medium");
  await using grid = await GitGrid.with({ [path]: JSON.stringify(makeTask("a")) });
  const ledger = await grid.open("n1");
  await ledger.refresh();
  const hook = join(grid.url, "hooks", "post-receive");
  const loseNextAnswer = () => Deno.writeTextFile(hook, HOOK, { mode: 0o755 });
  const mainFiles = async () => {
    const listed = await plainGit(grid.url, "ls-tree", "-r", "--name-only", "main");
    return listed.trim().split("\n").sort();
  };
  try {
    await test({ ledger, loseNextAnswer, mainFiles });
  } finally {
    await ledger.store[Symbol.asyncDispose]();
  }
}

function claim(ledger: Ledger): Saying {
  const at = ledger.writer.clock.now().toISOString();
  const spec = ledger.main.queue.get("a")?.blob;
  return { event: { kind: "claim", task_id: "a", node_id: "n1", at }, spec };
}

function report(ledger: Ledger): Saying {
  const at = ledger.writer.clock.now().toISOString();
  const { attempt, claimed_at } = ledger.stateOf("a")!;
  const own = { task_id: "a", node_id: "n1", attempt, claimed_at, at };
  return {
    event: { kind: "report", ...own, outcome: "success", retries: 0, retry_at: at },
    execution: { ...notRun("rejected", ""), status: "success", exit_code: 0 },
    task: makeTask("a"),
  };
}

const NODE = nodeRecord("n1");

for (const [where, withGrid] of [["in memory", inMemory], ["in Git", inGit]] as const) {
  Deno.test(`say() is heard once, when its answer is lost and others go on, ${where}`, () =>
    withGrid(async ({ ledger, loseNextAnswer }) => {
      await loseNextAnswer();
      equal((await say(ledger, [claim(ledger)])).heard[0].heard, true);
      await ledger.refresh();
      same([...ledger.states()].map(({ attempt, status }) => [attempt, status]), [[1, "claimed"]]);
      await loseNextAnswer();
      equal((await say(ledger, [report(ledger)])).heard[0].heard, true);
      await ledger.refresh();
      equal(ledger.stateOf("a")?.attempts.length, 1);
    }));

  Deno.test(`settleAll() settles once, when its answer is lost and others go on, ${where}`, () =>
    withGrid(async ({ ledger, loseNextAnswer, mainFiles }) => {
      await say(ledger, [claim(ledger)]);
      await say(ledger, [report(ledger)]);
      await loseNextAnswer();
      await settleAll(ledger);
      same(await mainFiles(), ["dgrid.json", resultPath("a", "success")]);
      await ledger.refresh();
      same([...ledger.states()], []);
      equal(await ledger.reachesSettledMark(shardOf("a")), true);
      await submitTasks(ledger, [makeTask("b")]);
    }));

  Deno.test(`submitTasks() submits once, when its answer is lost and others go on, ${where}`, () =>
    withGrid(async ({ ledger, loseNextAnswer, mainFiles }) => {
      await loseNextAnswer();
      const commit = await submitTasks(ledger, [makeTask("b")]);
      const queued = ["a", "b"].map((id) => queuePath(id, "medium"));
      same(await mainFiles(), ["dgrid.json", ...queued].sort());
      await ledger.refresh();
      ok(await ledger.store.contains(ledger.main.commit, commit));
    }));
}

Deno.test("say() knows its heartbeat, when the answer was lost, in Git", () =>
  inGit(async ({ ledger, loseNextAnswer }) => {
    await loseNextAnswer();
    const { heard, companion } = await say(ledger, [claim(ledger)], heartbeat(ledger, NODE));
    equal(heard[0].heard, true);
    equal((await ledger.store.refs()).get(ledger.names.node("n1")), companion);
  }));

Deno.test("say() is refused what was settled since its answer was lost, and the result is there once", async () => {
  const grid = await MemoryGrid.with([makeTask("a")]);
  const { ledger, store } = await grid.look("n1");
  await say(ledger, [claim(ledger)]);
  const swap: Store["swap"] = store.swap.bind(store);
  store.swap = async (changes, options) => {
    store.swap = swap;
    store.answersToLose = 1;
    const outcomes = await swap(changes, options);
    await settleAll((await grid.look("n2")).ledger);
    return outcomes;
  };
  const [heard] = (await say(ledger, [report(ledger)])).heard;
  ok(!heard.heard && heard.refusal !== undefined);
  same(grid.mainFiles(), ["dgrid.json", resultPath("a", "success")]);
  same(grid.liveFiles(), []);
});
