/**
 * Cancelling: what nobody runs ends at once; what a node runs is marked, and its owner stops it at its
 * next look. Which of the two it is, the shard decides: where a claim was faster, the same event, applied
 * to the new tip, asks the new owner.
 *
 * @module
 */
import { isNodeId, shardOf } from "../protocol/identity.ts";
import { resultPaths } from "../protocol/layout.ts";
import { finalStatusOf, type LiveState } from "../protocol/live_state.ts";
import { notRun } from "../protocol/result.ts";
import { backoff } from "./backoff.ts";
import type { Heard, Saying } from "./draft.ts";
import type { Ledger, Writer } from "./ledger.ts";
import { say } from "./live_edge.ts";
import { type TaskRefusal, unknownTask } from "./refused_tasks.ts";

/** What became of the wish to cancel a task. */
export type Cancelled =
  /** It has ended; its result is on the live edge, and only has to be settled. */
  | { task_id: string; became: "cancelled" }
  /** This node has to stop it. */
  | { task_id: string; became: "cancelling"; node_id: string }
  | (TaskRefusal & { became: "refused" });

/** A file in the queue can be replaced, or the task settled, while it is being cancelled. */
const MAX_TRIES = 4;

/**
 * Cancels tasks, each alone.
 *
 * @returns in the order of the ids
 */
export async function cancelTasks(ledger: Ledger, taskIds: string[]): Promise<Cancelled[]> {
  const done = new Map<string, Cancelled>();
  const ids = [...new Set(taskIds)];
  for (let tries = 1; done.size < ids.length; tries++) {
    const open = ids.filter((id) => !done.has(id));
    for (const refusal of await refusals(ledger, open)) done.set(refusal.task_id, refusal);
    const sayings = open.filter((id) => !done.has(id)).map((id) => cancelSaying(ledger, id));
    const { heard } = await say(ledger, sayings);
    sayings.forEach(({ event: { task_id } }, index) => {
      const outcome = outcomeOf(task_id, heard[index]);
      if (outcome.became !== "refused" || tries >= MAX_TRIES) done.set(task_id, outcome);
    });
    if (done.size === ids.length) break;
    await backoff(ledger.writer, tries);
    await ledger.refresh();
  }
  return ids.map((id) => done.get(id)!);
}

/**
 * The id that a person goes by where the ledger asks for a node's, such as in the attempt that a
 * cancelled task never had: the email address, with a dash in place of what no id may have.
 */
export function personId({ email, name }: Pick<Writer, "email" | "name">): string {
  const [id] = [email, name].map((text) =>
    text.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replaceAll(/\.{2,}/g, ".")
      .replace(/^[.-]+/, "").slice(0, 64).replace(/(\.lock|\.)+$/, "")
  ).filter(isNodeId);
  return id ?? "somebody";
}

function cancelSaying(ledger: Ledger, task_id: string): Saying {
  const { writer, main } = ledger;
  const at = writer.clock.now().toISOString();
  return {
    event: { kind: "cancel", task_id, node_id: personId(writer), at },
    spec: ledger.stateOf(task_id) === undefined ? main.queue.get(task_id)?.blob : undefined,
    execution: notRun("cancelled", `cancelled by ${writer.name}`),
  };
}

type Refused = Extract<Cancelled, { became: "refused" }>;

/** The tasks that cannot be cancelled, by what was last seen. */
async function refusals(ledger: Ledger, ids: string[]): Promise<Refused[]> {
  const settled = await ledger.store.find(ledger.main.commit, ids.flatMap(resultPaths));
  return ids.flatMap((id): Refused[] => {
    const path = resultPaths(id).find((path) => settled.has(path));
    const why = path === undefined ? whyNot(ledger, id) : `it has ended already, see ${path}`;
    if (why !== undefined) return [refused(id, why)];
    const isThere = ledger.stateOf(id) !== undefined || ledger.main.queue.has(id);
    return isThere ? [] : [{ became: "refused", ...unknownTask(id) }];
  });
}

/** Why a task's entry on the live edge forbids it. */
function whyNot(ledger: Ledger, id: string): string | undefined {
  const { tasks, broken } = ledger.shard(shardOf(id));
  const problem = broken.get(id);
  if (problem !== undefined) return `its entry on the live edge cannot be read: ${problem}`;
  const state = tasks.get(id)?.state;
  return state?.status === "finished" ? `it has ended already: ${finalStatusOf(state)}` : undefined;
}

function refused(task_id: string, words: string): Refused {
  return { task_id, became: "refused", isUnknown: false, words };
}

function outcomeOf(task_id: string, heard: Heard): Cancelled {
  if (heard.heard) return became(heard.state);
  const words = heard.refusal ? heard.refusal.reason : heard.words;
  return refused(task_id, words);
}

function became({ task_id, status, node_id }: LiveState): Cancelled {
  return status === "cancelling"
    ? { task_id, became: "cancelling", node_id }
    : { task_id, became: "cancelled" };
}
