/**
 * Gathers what explains why a task is where it is. The reasoning is in `lib/report`.
 *
 * @module
 */
import { settlementOf } from "../ledger/history.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { TaskSummary } from "../ledger/main_view.ts";
import { listNodes } from "../ledger/nodes.ts";
import { standingsOf } from "../ledger/results.ts";
import { readSpec } from "../ledger/specs.ts";
import { shardOf } from "../protocol/identity.ts";
import { resultPaths } from "../protocol/layout.ts";
import type { LiveState } from "../protocol/live_state.ts";
import { isHeld } from "../protocol/transition.ts";
import { explainLive, explainUnreadable } from "../report/explain_live.ts";
import { explainQueued, explainStrays } from "../report/explain_queued.ts";
import { explainSettled } from "../report/explain_settled.ts";
import type { Explanation } from "../report/explanation.ts";
import type { NodeView } from "../report/node_view.ts";
import { isDue } from "../scheduling/eligibility.ts";
import { nodeStatus } from "./node_status.ts";

/** Explains why a task is where it is; undefined where there is none of this id. */
export async function explainTask(ledger: Ledger, id: string): Promise<Explanation | undefined> {
  const now = ledger.writer.clock.now();
  const problem = ledger.shard(shardOf(id)).broken.get(id);
  if (problem !== undefined) return explainUnreadable(id, problem);
  const state = ledger.stateOf(id);
  if (state !== undefined) return await explainState(ledger, state, now);
  const settled = await explainResult(ledger, id, now);
  if (settled !== undefined) return settled;
  const file = ledger.main.queue.get(id);
  if (file === undefined) {
    const strays = [...ledger.main.strays].filter(([path]) => path.endsWith(`/${id}.json`));
    return strays.length === 0 ? undefined : explainStrays(id, strays);
  }
  const paths = ledger.main.pathsOf.get(id) ?? [];
  const isClaimable = await ledger.reachesSettledMark(shardOf(id));
  return explainQueued({ file, paths, isClaimable, ...await around(ledger, id, now) });
}

async function explainState(ledger: Ledger, state: LiveState, now: Date): Promise<Explanation> {
  const { task_id } = state;
  const { lease_seconds, max_attempts } = ledger.main.settings;
  const queued = ledger.main.queue.get(task_id)?.content;
  const spec = queued !== undefined && "task" in queued
    ? queued
    : (await readSpec(ledger, task_id))?.content ?? { problem: "its spec is missing" };
  const limits = { lease_seconds, max_attempts };
  return explainLive({ state, spec, ...limits, ...await around(ledger, task_id, now) });
}

async function explainResult(
  ledger: Ledger,
  id: string,
  now: Date,
): Promise<Explanation | undefined> {
  const standing = (await standingsOf(ledger, [id])).get(id)!;
  if (standing.where !== "settled") return undefined;
  const found = await ledger.store.find(ledger.main.commit, resultPaths(id));
  const path = resultPaths(id).find((path) => found.has(path))!;
  const commit = await settlementOf(ledger, path);
  return explainSettled({ result: standing.result, path, commit, now });
}

/** What a waiting task has around it. */
async function around(ledger: Ledger, id: string, now: Date) {
  const { default_image, lease_seconds } = ledger.main.settings;
  const nodes = (await listNodes(ledger)).map((record): NodeView => ({
    // What a node says of itself may be older than its last claims.
    record: { ...record, running: heldBy(ledger, record.node_id) },
    status: nodeStatus(record, lease_seconds, now.getTime()),
  }));
  return { rivals: rivalsOf(ledger, id, now), nodes, default_image, now };
}

function heldBy(ledger: Ledger, nodeId: string): string[] {
  return [...ledger.states()].filter((state) => isHeld(state) && state.node_id === nodeId)
    .map(({ task_id }) => task_id);
}

/** The other tasks that anybody may claim now. */
function rivalsOf(ledger: Ledger, id: string, now: Date): TaskSummary[] {
  return [...ledger.main.queue.values()].flatMap(({ task_id, content }) => {
    const state = ledger.stateOf(task_id);
    const isWaiting = state === undefined || state.status === "retrying";
    if (task_id === id || !isWaiting || "problem" in content) return [];
    const isReady = isDue(content.task.not_before, now) && isDue(state?.not_before, now);
    return isReady ? [content.task] : [];
  });
}
