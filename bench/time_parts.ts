import type { GitCounters } from "../lib/git/git_counters.ts";
import type { WorkerCounters } from "../lib/worker/worker_counters.ts";

/** The commands of Git that a worker waits for; all others together are next to nothing. */
const COMMANDS = ["push", "fast-import", "cat-file", "ls-remote", "fetch"] as const;

/**
 * Begins to look where a worker's time goes, as the worker itself counts.
 *
 * @returns a function that tells it in percent: waiting for a command of Git; waiting for something to
 * do, or for its tasks; and the rest, which is its own code. What is read from `cat-file` is also read
 * by our code meanwhile.
 */
export function watchTime(git: GitCounters): (worker: WorkerCounters) => Record<string, number> {
  const before = git.snapshot().operations;
  return (worker) => {
    const { uptime_ms, phases_ms } = worker.snapshot();
    const { operations } = git.snapshot();
    const parts = Object.fromEntries(COMMANDS.map((command) => {
      const ms = (operations[command]?.ms ?? 0) - (before[command]?.ms ?? 0);
      return [`in git ${command}, %`, ms];
    }));
    parts["waiting, %"] = phases_ms.wait;
    const inParts = Object.values(parts).reduce((sum, ms) => sum + ms, 0);
    parts["in its own code, %"] = Math.max(0, uptime_ms - inParts);
    const percent = Object.entries(parts).map(([name, ms]) => [name, 100 * ms / uptime_ms]);
    return Object.fromEntries(percent);
  };
}
