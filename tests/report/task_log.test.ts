import { deepStrictEqual as same, equal, match, ok } from "node:assert/strict";
import { cancelTasks } from "../../lib/ledger/cancel.ts";
import type { Saying } from "../../lib/ledger/draft.ts";
import { readTaskHistory } from "../../lib/ledger/history.ts";
import type { Ledger } from "../../lib/ledger/ledger.ts";
import { say } from "../../lib/ledger/live_edge.ts";
import { retryTasks } from "../../lib/ledger/retry.ts";
import { settleAll } from "../../lib/ledger/settle.ts";
import { queuePath, resultPath } from "../../lib/protocol/layout.ts";
import { notRun } from "../../lib/protocol/result.ts";
import { describeEvent, type LogEvent } from "../../lib/report/log_event.ts";
import { taskLog } from "../../lib/report/task_log.ts";
import { executionOf } from "../support/fake_executor.ts";
import { makeTask, MemoryGrid, tamper } from "../support/memory_grid.ts";

const QUEUED = queuePath("t", "medium");
const FAILED = resultPath("t", "failed");
const COMPLETED = resultPath("t", "success");
const LIVE = "refs/dgrid/live/e";
const bytes = (text: string) => new TextEncoder().encode(text);

/** A node that says events of one task, a second apart. */
class Actor {
  private constructor(readonly grid: MemoryGrid, readonly name: string, readonly ledger: Ledger) {}

  static async on(grid: MemoryGrid, name: string): Promise<Actor> {
    return new Actor(grid, name, (await grid.look(name)).ledger);
  }

  /** What the owner has to say. */
  get owned() {
    const { attempt, claimed_at, node_id } = this.ledger.stateOf("t")!;
    return { task_id: "t", node_id, attempt, claimed_at, at: this.now };
  }

  get now(): string {
    return this.grid.clock.now().toISOString();
  }

  async say(...sayings: Saying[]): Promise<void> {
    const { heard } = await say(this.ledger, sayings);
    for (const answer of heard) ok(answer.heard, JSON.stringify(answer));
    this.grid.clock.advance(1000);
  }

  async look(): Promise<this> {
    await this.ledger.refresh();
    return this;
  }

  claimSaying(): Saying {
    const spec = this.ledger.main.queue.get("t")?.blob;
    return { event: { kind: "claim", task_id: "t", node_id: this.name, at: this.now }, spec };
  }

  async claim(): Promise<void> {
    await this.look();
    await this.say(this.claimSaying());
  }

  async report(outcome: "success" | "failed", retries = 0): Promise<void> {
    const event = { kind: "report", ...this.owned, outcome, retries, retry_at: this.now } as const;
    await this.say({ event, execution: executionOf(outcome) });
  }

  async settle(): Promise<void> {
    await settleAll((await this.look()).ledger);
    this.grid.clock.advance(1000);
  }

  async log(): Promise<LogEvent[]> {
    const history = await readTaskHistory((await this.look()).ledger, "t");
    equal(history.isWhole, true);
    return taskLog("t", history);
  }

  async words(): Promise<string[]> {
    return (await this.log()).map(describeEvent);
  }
}

async function begin(...names: string[]): Promise<Actor[]> {
  const grid = await MemoryGrid.with([makeTask("t"), makeTask("other")]);
  return await Promise.all(names.map((name) => Actor.on(grid, name)));
}

const SUBMITTED = `submitted by founder: ${QUEUED}`;

Deno.test("taskLog() tells of a submission alone", async () => {
  const [me] = await begin("me");
  const [event, ...others] = await me.log();
  same(others, []);
  equal(describeEvent(event), SUBMITTED);
  match(event.commit ?? "", /^[0-9a-f]{40}$/);
  equal(event.at, "2026-01-01T00:00:00.000Z");
});

Deno.test("taskLog() tells of a run with a retry of its own, settled", async () => {
  const [n1, n2] = await begin("n1", "n2");
  await n1.claim();
  await n1.report("failed", 1);
  await n2.claim();
  await n2.report("success", 1);
  await n1.settle();
  same(await n1.words(), [
    SUBMITTED,
    "attempt 1 was claimed by n1",
    "attempt 1 on n1 failed; to be tried again from 2026-01-01T00:00:01.000Z on",
    "attempt 2 was claimed by n2",
    "attempt 2 on n2 succeeded",
    `settled by n1: success on n2, ${COMPLETED}`,
  ]);
  const at = (await n1.log()).map(({ at }) => at.slice(17, 19));
  same(at, ["00", "00", "01", "02", "03", "04"]);
});

Deno.test("taskLog() tells of a takeover in one commit, and who found the owner lost", async () => {
  const [n1, n2] = await begin("n1", "n2");
  await n1.claim();
  await n2.look();
  const { node_id: owner, ...lost } = n2.owned;
  const expire = { kind: "expire", ...lost, owner, node_id: "n2", max_attempts: 3 } as const;
  n2.grid.clock.advance(1);
  await n2.say({ event: expire }, n2.claimSaying());
  const log = await n2.log();
  same(log.map(describeEvent), [
    SUBMITTED,
    "attempt 1 was claimed by n1",
    "attempt 1 on n1 was lost: no sign of life for a lease, says n2",
    "attempt 2 was claimed by n2",
  ]);
  equal(log[2].commit, log[3].commit);
});

Deno.test("taskLog() tells of the last owner that was lost, and of one that handed back", async () => {
  const [n1, n2] = await begin("n1", "n2");
  await n1.claim();
  await n1.say({ event: { kind: "hand_back", ...n1.owned } });
  await n1.claim();
  await n2.look();
  const { node_id: owner, ...lost } = n2.owned;
  await n2.say({ event: { kind: "expire", ...lost, owner, node_id: "n2", max_attempts: 1 } });
  await n2.settle();
  same((await n2.words()).slice(1), [
    "attempt 1 was claimed by n1",
    "attempt 1 on n1 was handed back unfinished",
    "attempt 2 was claimed by n1",
    "attempt 2 on n1 was lost: no sign of life for a lease, says n2",
    `settled by n2: lost on n1, ${FAILED}`,
  ]);
});

Deno.test("taskLog() tells who cancelled, queued or running", async () => {
  const [me, n1] = await begin("me", "n1");
  await n1.claim();
  await cancelTasks((await me.look()).ledger, ["t"]);
  same((await me.words()).slice(2), ["me asked for it to be cancelled; n1 has to stop it"]);
  await n1.look();
  await n1.say({ event: { kind: "hand_back", ...n1.owned } });
  await me.settle();
  await retryTasks(me.ledger, ["t"]);
  await cancelTasks((await me.look()).ledger, ["t"]);
  await me.settle();
  same((await me.words()).slice(3), [
    "attempt 1 on n1 was cancelled",
    `settled by me: cancelled on n1, ${FAILED}`,
    `put back into the queue by me, to be run again: ${QUEUED}`,
    "it was cancelled by me-example.com, while nobody ran it",
    `settled by me: cancelled on me-example.com, ${FAILED}`,
  ]);
});

Deno.test("taskLog() tells of a file that was no task", async () => {
  const [n1] = await begin("n1");
  await tamper(n1.grid, "refs/heads/main", [{ path: QUEUED, bytes: bytes("{") }]);
  await n1.look();
  const spec = n1.ledger.main.queue.get("t")!.blob;
  await n1.say({
    event: { kind: "reject", task_id: "t", node_id: "n1", at: n1.now },
    spec,
    execution: notRun("rejected", "no"),
  });
  same(await n1.words(), [
    SUBMITTED,
    `its file in the queue was changed by somebody: ${QUEUED}`,
    "n1 rejected it: its file is no task",
  ]);
});

Deno.test("taskLog() keeps the runs apart that a retry parts, with their results", async () => {
  const [n1, n2] = await begin("n1", "n2");
  await n1.claim();
  await n1.report("failed");
  await n1.settle();
  await retryTasks(n1.ledger, ["t"]);
  await n2.claim();
  await n2.report("failed");
  await n2.settle();
  await retryTasks(n2.ledger, ["t"]);
  await n1.claim();
  same(await n1.words(), [
    SUBMITTED,
    "attempt 1 was claimed by n1",
    "attempt 1 on n1 failed",
    `settled by n1: failed with exit code 1 on n1, ${FAILED}`,
    `put back into the queue by n1, to be run again: ${QUEUED}`,
    "attempt 1 was claimed by n2",
    "attempt 1 on n2 failed",
    `settled by n2: failed with exit code 1 on n2, ${FAILED}`,
    `put back into the queue by n2, to be run again: ${QUEUED}`,
    "attempt 1 was claimed by n1",
  ]);
});

Deno.test("taskLog() reads off the result what the shard does not tell any more", async () => {
  const [n1] = await begin("n1");
  await n1.claim();
  await n1.report("success");
  await n1.settle();
  n1.grid.server.refs.delete(LIVE);
  const log = await n1.log();
  same(log.map(describeEvent).slice(1, 3), [
    "attempt 1 was claimed by n1",
    "attempt 1 on n1 succeeded",
  ]);
  same(log.map(({ commit }) => commit === undefined), [false, true, true, false]);
});

Deno.test("taskLog() tells what was done by hand", async () => {
  const [n1] = await begin("n1");
  await n1.claim();
  await tamper(n1.grid, LIVE, [{ path: "tasks/t.json", bytes: bytes("{") }]);
  await tamper(n1.grid, LIVE, [{ path: "tasks/t.json", remove: true }]);
  await tamper(n1.grid, "refs/heads/main", [{ path: QUEUED, remove: true }]);
  await tamper(n1.grid, "refs/heads/main", [{ path: FAILED, bytes: bytes("{}") }]);
  await tamper(n1.grid, "refs/heads/main", [{ path: FAILED, remove: true }]);
  same(await n1.words(), [
    SUBMITTED,
    `taken out of the queue by somebody: ${QUEUED}`,
    `settled by somebody: ${FAILED}`,
    `its result was taken away by somebody: ${FAILED}`,
    "attempt 1 was claimed by n1",
    "somebody wrote an entry that cannot be read",
    "somebody took its entry off the live edge before it had ended",
  ]);
});

Deno.test("taskLog() tells of an entry that was taken away before the one that was settled", async () => {
  const [n1] = await begin("n1");
  await n1.claim();
  await n1.say({ event: { kind: "hand_back", ...n1.owned } });
  await tamper(n1.grid, LIVE, [{ path: "tasks/t.json", remove: true }]);
  await n1.claim();
  await n1.report("success");
  await n1.settle();
  same(await n1.words(), [
    SUBMITTED,
    "attempt 1 was claimed by n1",
    "attempt 1 on n1 succeeded",
    `settled by n1: success on n1, ${COMPLETED}`,
    "attempt 1 was claimed by n1",
    "attempt 1 on n1 was handed back unfinished",
    "somebody took its entry off the live edge before it had ended",
  ]);
});

Deno.test("taskLog() says nothing of an entry that was only written anew", async () => {
  const [me, n1] = await begin("me", "n1");
  await n1.claim();
  await cancelTasks((await me.look()).ledger, ["t"]);
  const said = await me.words();
  const entry = JSON.stringify(me.ledger.stateOf("t"));
  await tamper(me.grid, LIVE, [{ path: "tasks/t.json", bytes: bytes(entry) }]);
  same(await me.words(), said);
});

Deno.test("taskLog() knows a file of the first version by its path as long as it is queued", async () => {
  const path = "tasks/queue/my task.json";
  const grid = await MemoryGrid.with([], { [path]: '{"id": "t", "command": "true"}' });
  same(await (await Actor.on(grid, "me")).words(), [`submitted by founder: ${path}`]);
});

Deno.test("readTaskHistory() reads no further back than to the submission, over all runs", async () => {
  const [n1] = await begin("n1");
  for (const outcome of ["failed", "success"] as const) {
    await n1.claim();
    await n1.report(outcome);
    await n1.settle();
    if (outcome === "failed") await retryTasks(n1.ledger, ["t"]);
  }
  const whole = await n1.log();
  equal(whole.length, 8);
  const { store } = n1.ledger;
  const history = store.history;
  // As Git does it: commit by commit, and no further than it must.
  store.history = async (tip, paths, isEnough) => {
    const { commits } = await history(tip, paths);
    const enough = commits.findIndex((_, index) => isEnough!(commits.slice(0, index + 1)));
    ok(enough >= 0);
    return { commits: commits.slice(0, enough + 1), isWhole: false };
  };
  same(await n1.log(), whole);
  store.history = async (tip, paths) => ({
    ...await history(tip, paths.slice(-2)),
    isWhole: false,
  });
  equal((await readTaskHistory(n1.ledger, "t")).isWhole, false);
});

Deno.test("readTaskHistory() reads no result and no entry that is no plain file", async () => {
  const [n1] = await begin("n1");
  await n1.claim();
  const history = n1.ledger.store.history;
  n1.ledger.store.history = async (...args) => {
    const found = await history(...args);
    const commits = found.commits.map((commit) => ({
      ...commit,
      changes: commit.changes.map((change) => ({
        ...change,
        after: "1".repeat(40),
        isOdd: true as const,
      })),
    }));
    return { ...found, commits };
  };
  same((await n1.words()).slice(1), ["n1 wrote an entry that cannot be read"]);
});
