/**
 * How much a fetch brings.
 *
 * The pack that is kept does not tell: Git completes it with contents that were here already, which
 * can be hundreds of times as much. Its progress meter would tell, but then the server sends meters,
 * too, which can be more than the pack. What costs nothing on the line is Git's own trace of the pack,
 * into a file that is gone again at once.
 *
 * @module
 */
import { resolve } from "@std/path";
import type { Git } from "./git.ts";

/** Does something that fetches, and counts the packs that came, also when it fails half-way. */
export async function countingReceived<T>(
  git: Git,
  fetch: (traced: Git) => Promise<T>,
): Promise<T> {
  // So named, it is swept away with the rest should this process be killed.
  const trace = resolve(git.folder, "objects", `tmp_received_${crypto.randomUUID()}`);
  try {
    return await fetch(git.at(git.folder, { GIT_TRACE_PACKFILE: trace }));
  } finally {
    git.counters.bytes.received += await takenAway(trace);
  }
}

/** The size of a file, which is removed; 0 where none was made, or none can be. */
async function takenAway(path: string): Promise<number> {
  try {
    const { size } = await Deno.lstat(path);
    await Deno.remove(path);
    return size;
  } catch {
    // What is wrong with the folder, Git says better.
    return 0;
  }
}
