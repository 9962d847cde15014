import { ProgramMissing } from "../process.ts";
import { ExecutorBroken } from "./executor.ts";

/**
 * Does something that starts a program or writes a file. That the program is missing, or the disk is
 * full, is a fault of the machinery.
 *
 * @throws {ExecutorBroken} in place of `ProgramMissing` and of the system's errors
 */
export async function asBroken<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof ProgramMissing || isOfSystem(error)
      ? new ExecutorBroken(error.message)
      : error;
  }
}

/** Whether the system said no: such errors carry its name for the reason, such as `ENOSPC`. */
function isOfSystem(error: unknown): error is Error {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}
