import type { QueuedFile } from "../ledger/main_view.ts";
import type { Explanation } from "./explanation.ts";
import { ago } from "./span.ts";
import { explainWaiting, type Waiting } from "./waiting.ts";

/** A file in the queue that nobody has claimed, and what is around it. */
export interface Queued extends Omit<Waiting, "task" | "retryAt"> {
  file: QueuedFile;
  /** All paths in the queue of its task. */
  paths: string[];
  /** Whether the branch reaches what its shard is settled up to; nobody may claim it otherwise. */
  isClaimable: boolean;
}

/** Why a task is in the queue. */
export function explainQueued({ file, paths, isClaimable, ...around }: Queued): Explanation {
  const { task_id, path, content } = file;
  const isOther = (it: string) => it !== path;
  const twins = paths.filter(isOther).map((twin) =>
    `It is in the queue more than once: ${path} counts, ${twin} is passed over.`
  );
  const blocked = isClaimable ? [] : [
    "Nobody may claim it: its shard was settled up to a commit that is not on the branch. " +
    "Was the branch rewritten?",
  ];
  if ("problem" in content) {
    const why = [
      `It is no task that this grid runs: ${content.problem} (${path}).`,
      "The next worker that sees it ends it as rejected.",
    ];
    return { task_id, state: "invalid", why: [...why, ...blocked, ...twins] };
  }
  const { task } = content;
  const since = task.created_at === undefined
    ? ""
    : `, made at ${ago(task.created_at, around.now)}`;
  const waiting = explainWaiting({ ...around, task });
  const where = `It is queued with priority ${task.priority}${since} (${path}).`;
  return {
    task_id,
    state: "queued",
    ...waiting,
    why: [where, ...blocked, ...waiting.why, ...twins],
  };
}

/** Why files in the queue of no task that counts are there. */
export function explainStrays(
  task_id: string,
  strays: [path: string, reason: string][],
): Explanation {
  const why = strays.map(([path, reason]) => `${path} is passed over: ${reason}.`);
  return { task_id, state: "passed_over", why };
}
