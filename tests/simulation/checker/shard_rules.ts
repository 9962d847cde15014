/**
 * Rules for the entries on a shard.
 *
 * @module
 */
import type { Oid } from "../../../lib/ledger/store.ts";
import { resultPath } from "../../../lib/protocol/layout.ts";
import type { Status } from "../../../lib/protocol/live_state.ts";
import type { Result } from "../../../lib/protocol/result.ts";
import { containerIn } from "../containers.ts";
import type { Moved } from "../world.ts";
import { type FileChange, idIn, jsonOf, textOf } from "./changes.ts";
import type { Checker, Push } from "./checker.ts";
import { whyNotLost } from "./silence.ts";
import { problemsOf } from "./step_rules.ts";
import { claimOf, type Entry, isHeld, type Story } from "./story.ts";

/** Judges what a push has done to one shard. */
export function checkShard(
  checker: Checker,
  push: Push,
  shard: string,
  { before, after }: Moved,
  changes: FileChange[],
): void {
  for (const change of changes) {
    const id = idIn(change.path, "tasks");
    if (id === undefined) continue;
    const story = checker.story(id);
    if (change.after === undefined) checkVanished(checker, push, story, before!, after!);
    else checkStep(checker, push, story, change.after, after!);
    if (story.entry !== undefined && idIn(change.path, "tasks") !== story.entry.task_id) {
      checker.fail(`${id}: its entry on shard ${shard} is another task's`);
    }
  }
}

function checkStep(checker: Checker, push: Push, story: Story, blob: Oid, tip: Oid): void {
  const { world } = checker;
  const before = story.entry;
  const after = jsonOf<Entry>(world.server, blob);
  const { by, at } = world.written.get(tip)!;
  const step = {
    story,
    before,
    after,
    by,
    maxAttempts: world.maxAttempts,
    whyNotLost: () => whyNotLost(world, claimOf(story, before!), by, at),
  };
  const problems = [...problemsOf(step)];
  if (after.status === "finished") problems.push(...problemsOfResult(checker, story, after, tip));
  for (const problem of problems) checker.fail(`${story.task_id}: ${problem}`);
  note(checker, story, before, after, push);
}

/** Writes down what has happened. */
function note(checker: Checker, story: Story, before: Entry | undefined, after: Entry, push: Push) {
  const now = checker.world.now;
  const past = before && isHeld(before) ? claimOf(story, before) : undefined;
  const ended = after.attempts.length > (before?.attempts.length ?? 0)
    ? after.attempts.at(-1)!
    : undefined;
  if (ended !== undefined) {
    checker.count(`event: ended as ${ended.outcome}${before === undefined ? ", unclaimed" : ""}`);
    if (past !== undefined) past.overAt = now;
  }
  if (after.status === "cancelling" && before?.status === "claimed") {
    checker.count("event: cancel of a running task");
    if (past !== undefined) past.cancelledAt = now;
  }
  if (after.status === "claimed") {
    checker.count(ended === undefined ? "event: claim" : "event: takeover");
    const { node_id, attempt, claimed_at } = after;
    story.claims.push({ node_id, attempt, claimed_at, run: story.runs, by: push.by, wonAt: now });
  }
  story.entry = after;
}

/** The result of what has just finished must be that of its last attempt, and of what ran for it. */
function* problemsOfResult(
  { world: { server } }: Checker,
  story: Story,
  { attempts }: Entry,
  tip: Oid,
): Generator<string> {
  const blob = server.commits.get(tip)!.files.get(`results/${story.task_id}.json`);
  if (blob === undefined) return yield "it is finished without a result";
  const last = attempts.at(-1);
  if (last === undefined) return yield "it is finished without an attempt";
  const result = jsonOf<Result>(server, blob);
  const tells = result.task_id === story.task_id && result.node_id === last.node_id &&
    result.attempt === last.attempt && result.status === last.outcome &&
    result.claimed_at === last.claimed_at;
  if (!tells) yield "its result tells of something else";
  if (JSON.stringify(result.attempts) !== JSON.stringify(attempts)) {
    yield "its result tells of other attempts";
  }
  const container = claimOf(story, last)?.container;
  const isOwn = ["success", "failed", "timeout"].includes(last.outcome)
    ? containerIn(result) === container?.id
    : containerIn(result) === undefined;
  if (!isOwn) yield `its result is of container ${containerIn(result)}, not ${container?.id}`;
}

/** An entry goes only together with the result's coming to the branch. */
function checkVanished(
  checker: Checker,
  { branch, by }: Push,
  story: Story,
  before: Oid,
  after: Oid,
): void {
  const { entry, task_id } = story;
  const { server, names } = checker.world;
  story.entry = undefined;
  if (entry === undefined) return;
  const status = entry.attempts.at(-1)?.outcome as Status;
  const place = branch.find(({ path }) => path === resultPath(task_id, status));
  const result = server.commits.get(before)!.files.get(`results/${task_id}.json`);
  if (entry.status !== "finished") {
    checker.fail(`${task_id}: its entry went, and was ${entry.status}`);
  } else if (place?.after === undefined || place.after !== result) {
    checker.fail(`${task_id}: ${by.name} took its entry away, and put no result on the branch`);
  }
  const mark = server.commits.get(after)!.files.get("settled");
  const told = mark && textOf(server, mark).trim();
  if (told !== server.refs.get(names.branch)) {
    checker.fail(`${task_id}: settled, and the mark is not the branch's new commit`);
  }
}
