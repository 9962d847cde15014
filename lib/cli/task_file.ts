/**
 * Reading task files: JSON, an array of tasks, or JSON lines. Tasks are not checked here.
 *
 * @module
 */
import { join } from "@std/path";
import { decodeJson } from "../protocol/record.ts";
import { describeProblems, InvalidInput } from "../protocol/problem.ts";
import { WrongUsage } from "./problems.ts";

/** A value that should be a task, or why there is none. */
export type RawTask =
  & {
    /** For messages: the file, and the line or item where it has several tasks. */
    place: string;
  }
  & ({ value: unknown } | { problem: string });

/**
 * Reads all tasks of some files, of folders of files, or of standard input, named `-`.
 *
 * @throws {InvalidInput} when a file is missing, a folder has none, or `-` is there twice
 */
export async function readTaskFiles(names: string[]): Promise<RawTask[]> {
  if (names.indexOf("-") !== names.lastIndexOf("-")) {
    throw new WrongUsage("reading the command: - stands for standard input; give it only once");
  }
  const all: RawTask[] = [];
  for (const name of names) {
    for (const path of await filesOf(name)) {
      for (const task of splitTasks(nameOf(path), await readFile(path))) all.push(task);
    }
  }
  return all;
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

async function readFile(path: string): Promise<Uint8Array> {
  if (path === "-") return new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer());
  return await attempt(path, () => Deno.readFile(path));
}

async function attempt<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "no such file" : (error as Error).message;
    throw new InvalidInput(`reading ${path}: ${why}`);
  }
}

/** Splits a file's content into the values that should be tasks. */
export function splitTasks(name: string, content: Uint8Array): RawTask[] {
  const whole = decodeJson(content);
  if (whole.ok && Array.isArray(whole.value)) return itemsOf(name, whole.value);
  if (whole.ok) return [{ place: name, value: whole.value }];
  const lines = linesOf(content);
  if (lines.length === 0) return nothingIn(name);
  if (isJsonLines(name, lines)) return lines.map((line) => taskInLine(name, line));
  return [{ place: name, problem: describeProblems(whole.problems) }];
}

function itemsOf(name: string, items: unknown[]): RawTask[] {
  if (items.length === 0) return nothingIn(name);
  return items.map((value, index) => ({ place: `${name}: item ${index + 1}`, value }));
}

function nothingIn(name: string): RawTask[] {
  return [{ place: name, problem: "must hold at least one task" }];
}

interface Line {
  number: number;
  bytes: Uint8Array;
}

function taskInLine(name: string, { number, bytes }: Line): RawTask {
  const place = `${name}: line ${number}`;
  const json = decodeJson(bytes);
  if (json.ok) return { place, value: json.value };
  return { place, problem: describeProblems(json.problems) };
}

/** Whether to read a content that is not JSON as JSON lines: its first line is an object. */
function isJsonLines(name: string, lines: Line[]): boolean {
  if (name.endsWith(".jsonl")) return true;
  const first = decodeJson(lines[0].bytes);
  return lines.length > 1 && first.ok && typeof first.value === "object" && first.value !== null;
}

/** The lines that are not blank, as bytes: one with invalid UTF-8 is no reason to refuse others. */
function linesOf(content: Uint8Array): Line[] {
  const lines: Line[] = [];
  for (let start = 0, number = 1; start < content.length; number++) {
    const found = content.indexOf(0x0a, start);
    const end = found < 0 ? content.length : found;
    const bytes = content.subarray(start, end);
    if (bytes.some((byte) => byte > 0x20)) lines.push({ number, bytes });
    start = end + 1;
  }
  return lines;
}
