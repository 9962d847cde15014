/**
 * Splitting contents into what should be tasks: JSON, an array of tasks, or JSON lines.
 *
 * @module
 */
import { describeProblems } from "../protocol/problem.ts";
import { decodeJson } from "../protocol/record.ts";
import { joined, type Line, linesIn } from "./input_lines.ts";

/** A value that should be a task, or why there is none. */
export type RawTask =
  & {
    /** For messages: the file, and the line or item where it has several tasks. */
    place: string;
  }
  & ({ value: unknown } | { problem: string });

/**
 * The tasks of a content that comes part by part. Where its first line is an object and more follows,
 * these are JSON lines, of which one at a time is in memory; anything else is read whole.
 */
export async function* tasksIn(
  name: string,
  parts: AsyncGenerator<Uint8Array>,
): AsyncGenerator<RawTask> {
  const { head, first } = await beginningOf(parts);
  const isLines = first !== undefined && isObject(first);
  const all = chained(head, parts);
  if (!isLines) return yield* splitTasks(name, joined(await Array.fromAsync(all)));
  let before: Line | undefined;
  let isAlone = true;
  for await (const line of linesIn(all)) {
    if (before !== undefined) yield taskInLine(name, before);
    isAlone = before === undefined;
    before = line;
  }
  if (before === undefined) return;
  if (isAlone) yield* splitTasks(name, before.bytes);
  else yield taskInLine(name, before);
}

/** The parts up to the end of the first line that is not blank, and that line if it has an end. */
async function beginningOf(
  parts: AsyncGenerator<Uint8Array>,
): Promise<{ head: Uint8Array[]; first?: Uint8Array }> {
  const head: Uint8Array[] = [];
  for (let next = await parts.next(); !next.done; next = await parts.next()) {
    head.push(next.value);
    if (!next.value.includes(0x0a)) continue;
    const begun = joined(head);
    // What stands behind the last end of a line may go on.
    const [line] = linesOf(begun.subarray(0, begun.lastIndexOf(0x0a)));
    if (line !== undefined) return { head, first: line.bytes };
  }
  return { head };
}

async function* chained(
  head: Uint8Array[],
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* head;
  yield* rest;
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

function taskInLine(name: string, { number, bytes }: Line): RawTask {
  const place = `${name}: line ${number}`;
  const json = decodeJson(bytes);
  if (json.ok) return { place, value: json.value };
  return { place, problem: describeProblems(json.problems) };
}

/** Whether to read a content that is not JSON as JSON lines: its first line is an object. */
function isJsonLines(name: string, lines: Line[]): boolean {
  if (name.endsWith(".jsonl")) return true;
  return lines.length > 1 && isObject(lines[0].bytes);
}

function isObject(bytes: Uint8Array): boolean {
  const json = decodeJson(bytes);
  return json.ok && typeof json.value === "object" && json.value !== null;
}

/** The lines of a whole content that are not blank. */
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
