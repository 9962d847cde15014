import { GitError } from "./git_error.ts";

/** What Linux and macOS call it when there is no room, on the disk or within a user's quota. */
const NO_ROOM = ["ENOSPC", "EDQUOT"];

/**
 * Does something that writes to the disk itself, not through Git.
 *
 * @param action what is being done, for the error message
 * @throws {GitError} with `disk_full` when there is no room for it, as Git's own writes do
 */
export async function needingRoom<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, message } = error as Error & { code?: unknown };
    if (!NO_ROOM.includes(String(code))) throw error;
    throw new GitError(`${action}: ${message}`, "disk_full", 0);
  }
}
