/**
 * Real Git repositories for tests, in folders that vanish with the test.
 *
 * @module
 */
import { join } from "@std/path";

/** A folder that is removed when its scope ends. */
export interface TemporaryFolder extends AsyncDisposable {
  path: string;
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await Deno.makeTempDir({ prefix: "dgrid-test-" });
  return { path, [Symbol.asyncDispose]: () => removeFolder(path) };
}

/** A git that a killed program had started may still be writing; it ends by itself, and soon. */
const REMOVAL_TRIES = 100;

async function removeFolder(path: string): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      return await Deno.remove(path, { recursive: true });
    } catch (error) {
      const isStillWritten = /Directory not empty/.test((error as Error).message);
      if (!isStillWritten || tries === REMOVAL_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Runs plain Git, as a person would, and gives what it printed. */
export async function plainGit(folder: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", {
    args: ["-C", folder, "-c", "user.name=tester", "-c", "user.email=tester@example.com", ...args],
    stdin: "null",
  }).output();
  if (!success) throw new Error(`git ${args[0]}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** An empty bare repository whose branch is `main`. */
export async function bareRepository(folder: string): Promise<string> {
  const path = join(folder, "server.git");
  await plainGit(folder, "init", "--quiet", "--bare", "--initial-branch=main", path);
  return path;
}

/** Commits files to the branch with plain Git, as a person without D-GRID would. */
export async function commitFiles(
  folder: string,
  server: string,
  files: Record<string, string | Uint8Array>,
  extra?: (work: string) => Promise<void>,
): Promise<void> {
  const work = await Deno.makeTempDir({ dir: folder });
  await plainGit(work, "init", "--quiet", "--initial-branch=main");
  await plainGit(work, "remote", "add", "origin", server);
  const exists = await plainGit(work, "ls-remote", "origin", "refs/heads/main");
  if (exists !== "") await plainGit(work, "pull", "--quiet", "origin", "main");
  for (const [path, content] of Object.entries(files)) {
    await Deno.mkdir(join(work, path, ".."), { recursive: true });
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(join(work, path), bytes);
  }
  await plainGit(work, "add", "--all");
  await extra?.(work);
  await plainGit(work, "commit", "--quiet", "--allow-empty", "--message=by hand");
  await plainGit(work, "push", "--quiet", "origin", "HEAD:main");
  await Deno.remove(work, { recursive: true });
}
