import { GitError } from "./git_error.ts";

/** A copy that is damaged so often in a row has trouble that no new one mends. */
const MAX_TRIES = 3;

/**
 * Begins something anew when the local copy turned out to be damaged: when that is thrown, the copy
 * has been made again. Only for what looks at the server anew each time that it begins.
 */
export async function despiteDamage<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1;; tries++) {
    try {
      return await work();
    } catch (error) {
      const isDamage = error instanceof GitError && error.trouble === "damaged";
      if (!isDamage || tries === MAX_TRIES) throw error;
    }
  }
}
