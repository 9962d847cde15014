/**
 * Checks with plain Git, past our own code, what the demo promises: each task has exactly one
 * result on the branch, and nothing is left anywhere else.
 *
 * @module
 */
import { Git } from "../../git/git.ts";

/**
 * Reads a repository.
 *
 * @param taskIds the tasks that were submitted
 * @returns every breach of the promise, as a sentence
 */
export async function checkLedger(
  repo: string,
  taskIds: string[],
  env: Record<string, string>,
): Promise<string[]> {
  const git = new Git(repo, env);
  const paths = await pathsIn(git, "refs/heads/main");
  const queued = paths.filter((path) => /^tasks\/queue\/.*\.json$/.test(path));
  const left = (await livePaths(git)).filter((path) => path.endsWith(".json"));
  return [
    ...wrongCounts(paths, taskIds),
    ...queued.map((path) => `${path} is still in the queue`),
    ...left.map((path) => `${path} is still on the live edge`),
  ];
}

function wrongCounts(paths: string[], taskIds: string[]): string[] {
  const counts = new Map<string, number>(taskIds.map((id) => [id, 0]));
  for (const path of paths) {
    const id = /^tasks\/(?:completed|failed)\/[^/]+\/(.+)\.json$/.exec(path)?.[1];
    if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const expected = new Set(taskIds);
  return [...counts].flatMap(([id, count]) => {
    if (!expected.has(id)) return [`${id} has a result and was never submitted`];
    return count === 1 ? [] : [`${id} has ${count} results`];
  });
}

async function livePaths(git: Git): Promise<string[]> {
  const args = ["for-each-ref", "--format=%(refname)", "refs/dgrid/live"];
  const refs = linesOf(await git.run("reading the live edge", args));
  return (await Promise.all(refs.map((ref) => pathsIn(git, ref)))).flat();
}

async function pathsIn(git: Git, ref: string): Promise<string[]> {
  return linesOf(await git.run("reading the ledger", ["ls-tree", "-r", "--name-only", ref]));
}

/** The newest commits of the branch, as `git log` shows them. */
export async function lastCommits(
  repo: string,
  count: number,
  env: Record<string, string>,
): Promise<string[]> {
  const args = ["log", `--max-count=${count}`, "--format=%h  %s", "refs/heads/main"];
  return linesOf(await new Git(repo, env).run("reading the history", args));
}

function linesOf(output: Uint8Array): string[] {
  return new TextDecoder().decode(output).split("\n").filter((line) => line !== "");
}
