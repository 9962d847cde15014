import { RefusedTasks, type TaskRefusal } from "../ledger/refused_tasks.ts";
import { NoSuchThing } from "./problems.ts";

/** The error that a command ends with whose wish the grid does not allow. */
export function asProblem(action: string, refusals: TaskRefusal[]): Error {
  const refused = new RefusedTasks(action, refusals);
  return refusals.every(({ isUnknown }) => isUnknown) ? new NoSuchThing(refused.message) : refused;
}
