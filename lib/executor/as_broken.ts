import { ProgramMissing } from "../process.ts";
import { ExecutorBroken } from "./executor.ts";

/**
 * Does something that starts a program. That the program is missing is a fault of the machinery.
 *
 * @throws {ExecutorBroken} in place of `ProgramMissing`
 */
export async function asBroken<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof ProgramMissing ? new ExecutorBroken(error.message) : error;
  }
}
