/**
 * What the grid is given to do.
 *
 * @module
 */
import { queuePath, resultPaths } from "../../lib/protocol/layout.ts";
import type { Chance } from "./chance.ts";

/** A kind of task: what it does, and how it may end. */
interface Kind {
  /** Out of 100 tasks. */
  share: number;
  task(chance: Chance): Record<string, unknown>;
  /** `lost` may be the end of any of them, as their owners are killed. */
  ends: readonly string[];
}

const WAIT = "export default async (ms) => { await new Promise((done) => setTimeout(done, ms)); " +
  "return ms; }";
const waiting = (input: number) => ({ module: WAIT, input });

/** The kinds of tasks by name; a task's id begins with it. */
export const KINDS: Record<string, Kind> = {
  quick: {
    share: 52,
    task: (chance) => ({ module: "export default (x) => x", input: chance.integer(1, 1e6) }),
    ends: ["success"],
  },
  slow: { share: 25, task: (chance) => waiting(chance.integer(500, 3_000)), ends: ["success"] },
  // Longer than the lease: only who gives signs of life can finish it.
  long: { share: 3, task: (chance) => waiting(chance.integer(12_000, 16_000)), ends: ["success"] },
  failing: {
    share: 8,
    task: () => ({ module: "export default () => { throw new Error('no') }", retries: 2 }),
    ends: ["failed"],
  },
  late: {
    share: 4,
    task: () => ({ ...waiting(60_000), timeout_seconds: 2, retries: 1 }),
    ends: ["timeout"],
  },
  broken: { share: 3, task: () => ({ module: 7 }), ends: ["rejected"] },
  cancelled: {
    share: 5,
    task: () => ({ ...waiting(20_000), priority: "high" }),
    ends: ["cancelled", "success"],
  },
};

/** A task that was handed in. */
export interface Submission {
  task_id: string;
  kind: string;
  task: Record<string, unknown>;
}

/** Makes tasks; their ids are numbered from `first`. */
export function makeTasks(chance: Chance, first: number, count: number): Submission[] {
  const shares = Object.entries(KINDS).map(([kind, { share }]) => [share, kind] as const);
  return Array.from({ length: count }, (_, index) => {
    const kind = chance.weighted(shares);
    const task_id = `${kind}-${first + index}`;
    return { task_id, kind, task: { task_id, ...KINDS[kind].task(chance) } };
  });
}

/** Makes tasks that wait and give back how long. */
export function waitingTasks(count: number, milliseconds: number): Submission[] {
  return Array.from({ length: count }, (_, index) => {
    const task_id = `slow-${index}`;
    return { task_id, kind: "slow", task: { task_id, ...waiting(milliseconds) } };
  });
}

/** Whether `dgrid submit` would refuse it, so that somebody has to commit it by hand. */
export function isBroken({ kind }: Submission): boolean {
  return kind === "broken";
}

/** Where a task waits on the branch, and what stands there. */
export function queueFile({ task_id, task }: Submission): [path: string, text: string] {
  return [queuePath(task_id, "medium"), JSON.stringify(task)];
}

/** Both places where a task's result can be. */
export function resultPlaces({ task_id }: Submission): string[] {
  return resultPaths(task_id);
}
