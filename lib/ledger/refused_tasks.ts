/** Why something cannot be done with a task. */
export interface TaskRefusal {
  task_id: string;
  /** There is no such task. */
  isUnknown: boolean;
  /** The rest of a sentence that begins with the task's id. */
  words: string;
}

/** Something cannot be done with some tasks, by what the grid says of them. */
export class RefusedTasks extends Error {
  override name = "RefusedTasks";

  /** @param action what was being done, such as `retrying` */
  constructor(readonly action: string, readonly refusals: TaskRefusal[]) {
    super(refusals.map(({ task_id, words }) => `${action} ${task_id}: ${words}`).join("\n"));
  }
}

/** The refusal of what has no task. */
export function unknownTask(task_id: string): TaskRefusal {
  return { task_id, isUnknown: true, words: "there is none of this id; see: dgrid list" };
}
