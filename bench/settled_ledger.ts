/**
 * A grid with a long past, made by plain `git fast-import`.
 *
 * @module
 */
import { SETTINGS_PATH } from "../lib/protocol/settings.ts";
import { resultPath } from "../lib/protocol/layout.ts";
import type { LiveState } from "../lib/protocol/live_state.ts";
import { encodeRecord } from "../lib/protocol/record.ts";
import { buildResult, notRun } from "../lib/protocol/result.ts";
import type { Task } from "../lib/protocol/task.ts";
import { makeTasks } from "./bench_grid.ts";
import { shell } from "./processes.ts";

/** When the first result was settled. */
const EPOCH_SECONDS = 1_700_000_000;

/** How long the past is. */
export interface Past {
  commits: number;
  resultsPerCommit: number;
}

/** Settles results of tasks with texts of their own into a bare repository, and packs it. */
export async function writePast(repository: string, past: Past): Promise<void> {
  const file = `${repository}/import`;
  await writeStream(file, past);
  await shell('git -C "$1" fast-import --quiet --force <"$2" && git -C "$1" repack -adq', [
    repository,
    file,
  ]);
  await Deno.remove(file);
}

/** Writes a past as `git fast-import` reads it. */
export async function writeStream(file: string, past: Past): Promise<void> {
  await Deno.writeFile(file, ReadableStream.from(streamOf(past)));
}

/** What fast-import reads, a commit at a time. */
function* streamOf({ commits, resultsPerCommit }: Past): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  const tasks = makeTasks(commits * resultsPerCommit);
  const settings = encoder.encode('{"version": 1}\n');
  for (let number = 0; number < commits; number++) {
    const own = tasks.slice(number * resultsPerCommit, (number + 1) * resultsPerCommit);
    const files = own.map((task): [string, Uint8Array] => [
      resultPath(task.task_id, "success"),
      resultOf(task, EPOCH_SECONDS + number),
    ]);
    if (number === 0) files.push([SETTINGS_PATH, settings]);
    yield encoder.encode(headOf(number, `worker: settle ${own.length} results\n`));
    for (const [path, bytes] of files) {
      yield encoder.encode(`M 100644 inline ${path}\ndata ${bytes.length}\n`);
      yield bytes;
      yield encoder.encode("\n");
    }
  }
}

function headOf(number: number, message: string): string {
  const who = `worker <worker@dgrid.invalid> ${EPOCH_SECONDS + number} +0000`;
  return `commit refs/heads/main\ncommitter ${who}\ndata ${message.length}\n${message}`;
}

function resultOf(task: Task, seconds: number): Uint8Array {
  const at = new Date(seconds * 1000).toISOString();
  const attempt = { attempt: 1, node_id: "worker", claimed_at: at, ended_at: at };
  const state: LiveState = {
    version: 1,
    task_id: task.task_id,
    status: "finished",
    attempt: 1,
    node_id: "worker",
    claimed_at: at,
    attempts: [{ ...attempt, outcome: "success" }],
  };
  // Nothing of it is like another's, as with real results.
  const stdout = `${crypto.randomUUID()}\n${crypto.randomUUID()}\n`;
  const ran = { ...notRun("success", ""), reason: undefined, exit_code: 0, stdout };
  return encodeRecord(buildResult(state, { ...ran, started_at: at, duration_ms: 12 }, task));
}
