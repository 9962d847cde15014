/**
 * Reading task files and modules. Tasks are not checked here.
 *
 * @module
 */
import { join } from "@std/path";
import { InvalidInput } from "../protocol/problem.ts";
import { WrongUsage } from "./problems.ts";
import { type RawTask, tasksIn } from "./split_tasks.ts";

/**
 * Reads all tasks of some files, of folders of files, or of standard input, named `-`, one by one as
 * they come.
 *
 * @throws {InvalidInput} when a file is missing, a folder has none, or `-` is there twice
 */
export async function* readTaskFiles(names: string[]): AsyncGenerator<RawTask> {
  if (names.indexOf("-") !== names.lastIndexOf("-")) {
    throw new WrongUsage("reading the command: - stands for standard input; give it only once");
  }
  for (const name of names) {
    for (const path of await filesOf(name)) yield* tasksIn(nameOf(path), partsOf(path));
  }
}

/**
 * Reads the ES module of a task.
 *
 * @throws {InvalidInput} when there is no such file, or it is no text
 */
export async function readModuleFile(path: string): Promise<string> {
  const bytes = await attempt(path, () => Deno.readFile(path));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new InvalidInput(`reading the module: ${path}: must be valid UTF-8`);
  }
}

function nameOf(path: string): string {
  return path === "-" ? "standard input" : path;
}

async function filesOf(name: string): Promise<string[]> {
  if (name === "-") return [name];
  const { isDirectory } = await attempt(name, () => Deno.stat(name));
  if (!isDirectory) return [name];
  const entries = await attempt(name, () => Array.fromAsync(Deno.readDir(name)));
  const files = entries.filter((entry) => !entry.isDirectory && /\.jsonl?$/.test(entry.name))
    .map((entry) => join(name, entry.name)).sort();
  if (files.length > 0) return files;
  throw new InvalidInput(`reading ${name}: there is no *.json or *.jsonl in this folder`);
}

/** The content of a file, part by part. */
async function* partsOf(path: string): AsyncGenerator<Uint8Array> {
  if (path === "-") return yield* Deno.stdin.readable;
  const { readable } = await attempt(path, () => Deno.open(path));
  const reader = readable.getReader();
  try {
    for (;;) {
      const { done, value } = await attempt(path, () => reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

async function attempt<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "no such file" : (error as Error).message;
    throw new InvalidInput(`reading ${path}: ${why}`);
  }
}
