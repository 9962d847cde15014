/**
 * Bare repositories that allow less than Git does by itself, as some hosts do.
 *
 * @module
 */
import { join } from "@std/path";

/** Makes a repository take nothing but branches. */
export async function acceptBranchesOnly(repository: string): Promise<void> {
  const script =
    'case "$1" in refs/heads/*) ;; *) echo "$1: only branches here" >&2; exit 1;; esac';
  await writeHook(repository, "update", script);
}

/** Makes a repository take nothing any more. */
export async function acceptNothing(repository: string): Promise<void> {
  await writeHook(repository, "pre-receive", "exit 1");
}

/**
 * Counts the pushes that reach a repository from here on.
 *
 * @returns how many there were
 */
export async function countPushes(repository: string): Promise<() => Promise<number>> {
  const file = join(repository, "pushes");
  await Deno.writeTextFile(file, "");
  await writeHook(repository, "pre-receive", `echo >>'${file}'`);
  return async () => (await Deno.readTextFile(file)).length;
}

async function writeHook(repository: string, name: string, script: string): Promise<void> {
  const options = { mode: 0o755 };
  await Deno.writeTextFile(join(repository, "hooks", name), `#!/bin/sh\n${script}\n`, options);
}
