/**
 * Waits for tasks to end, wherever they run.
 *
 * @module
 */
import type { Ledger } from "../ledger/ledger.ts";
import { type Standing, standingsOf } from "../ledger/results.ts";
import type { Result } from "../protocol/result.ts";
import { Interrupts } from "./interrupts.ts";
import { Interrupted, NoSuchThing, TaskNotSuccessful } from "./problems.ts";
import { describeResult } from "./describe_result.ts";

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;

export interface WaitOptions {
  /** Is told of each task that has ended, in one line. */
  onEnd?(line: string): void;
  /** Is given all results, in the order of the ids, before this function ends or throws. */
  onAll?(results: Result[]): void;
}

/**
 * Waits until all tasks have a result, settled or not.
 *
 * @throws {TaskNotSuccessful} when one of them did not succeed
 * @throws {NoSuchThing} when one of them does not exist
 * @throws {Interrupted} on Ctrl-C
 */
export async function waitForTasks(
  ledger: Ledger,
  taskIds: string[],
  { onEnd = () => {}, onAll = () => {} }: WaitOptions = {},
): Promise<void> {
  const results = new Map<string, Result>();
  using interrupts = new Interrupts();
  for (let pauseMs = FIRST_PAUSE_MS; results.size < taskIds.length;) {
    const open = taskIds.filter((id) => !results.has(id));
    const ended = await endedAmong(ledger, open);
    for (const result of ended) {
      results.set(result.task_id, result);
      onEnd(describeResult(result));
    }
    if (results.size === taskIds.length) break;
    pauseMs = ended.length > 0 ? FIRST_PAUSE_MS : Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS);
    await ledger.writer.clock.wait(pauseMs, interrupts.signal);
    if (interrupts.first) throw new Interrupted("waiting for results", interrupts.first);
    await ledger.refresh();
  }
  const all = taskIds.map((id) => results.get(id)!);
  onAll(all);
  throwUnlessSuccessful(all);
}

async function endedAmong(ledger: Ledger, taskIds: string[]): Promise<Result[]> {
  const standings = await standingsOf(ledger, taskIds);
  return [...standings].flatMap(([id, standing]) => {
    if (standing.where === "unknown") throw noSuchTask(id);
    return resultIn(standing) ?? [];
  });
}

/** The result of a task that has ended. */
export function resultIn(standing: Standing): Result | undefined {
  return "result" in standing ? standing.result : undefined;
}

export function noSuchTask(id: string): NoSuchThing {
  return new NoSuchThing(`looking for task "${id}": there is none of this id; see: dgrid list`);
}

/** @throws {TaskNotSuccessful} when one of the results is anything but a success */
export function throwUnlessSuccessful(results: Result[]): void {
  const bad = results.filter(({ status }) => status !== "success");
  if (bad.length === 0) return;
  const what = bad.length === 1
    ? describeResult(bad[0])
    : `${bad.length} of ${results.length} tasks`;
  throw new TaskNotSuccessful(
    bad.length === 1 ? what : `waiting for results: ${what} did not succeed`,
  );
}
