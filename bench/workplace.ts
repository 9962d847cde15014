/**
 * Where benchmarks put their files, so that nothing of them stays: neither when they are over, nor
 * when they are interrupted in their middle.
 *
 * @module
 */
import { temporaryFolder } from "../tests/support/git_server.ts";

/** The exit codes of who was told to end, as shells have them. */
const SIGNALS: readonly [Deno.Signal, code: number][] = [["SIGINT", 130], ["SIGTERM", 143]];

const REMOVAL_TRIES = 1_000;

/**
 * Does something whose temporary files all go into one folder, which is removed afterwards. On SIGINT
 * and SIGTERM the programs that it has started are killed, the folder is removed, and this process
 * ends.
 */
export async function inWorkplace<T>(work: () => Promise<T>): Promise<T> {
  await using workplace = await temporaryFolder();
  Deno.env.set("TMPDIR", workplace.path);
  for (const [signal, code] of SIGNALS) {
    // In one go: whatever is under way would otherwise go on, and start and write something more.
    Deno.addSignalListener(signal, () => {
      killDescendants();
      removeNow(workplace.path);
      Deno.exit(code);
    });
  }
  return await work();
}

/** Kills what this process has started, and what that has started: servers lead groups of their own. */
function killDescendants(): void {
  const shell = (script: string) => new Deno.Command("sh", { args: ["-c", script] }).outputSync();
  const { stdout } = shell("cat /proc/[0-9]*/stat 2>/dev/null");
  const descendants = descendantsIn(new TextDecoder().decode(stdout), Deno.pid);
  shell(`kill -KILL ${descendants.join(" ")}`);
}

/** Who has just been killed may still be writing. */
function removeNow(folder: string): void {
  for (let tries = 1;; tries++) {
    try {
      return Deno.removeSync(folder, { recursive: true });
    } catch (error) {
      if (tries === REMOVAL_TRIES) throw error;
    }
  }
}

/**
 * The descendants of a process.
 *
 * @param stats of processes, a line for each (proc_pid_stat): `pid (name) state parent …`
 */
export function descendantsIn(stats: string, ancestor: number): number[] {
  const parents = [...stats.matchAll(/^(\d+) \(.*\) \S (\d+) /gm)].map(([, pid, parent]) =>
    [Number(pid), Number(parent)] as const
  );
  const found = [ancestor];
  for (const pid of found) {
    found.push(...parents.filter(([, parent]) => parent === pid).map(([child]) => child));
  }
  return found.slice(1);
}
