/**
 * What every scenario does once its faults are over: lets the grid finish, stops it, and looks at
 * what it has left.
 *
 * @module
 */
import { systemClock } from "../../lib/clock.ts";
import { breaches } from "./checks.ts";
import { type Evidence, gatherEvidence, progressOf } from "./evidence.ts";
import type { ChaosGrid } from "./grid.ts";
import { commandOf } from "./processes.ts";

/** Once there are no faults any more, everything must be settled within this time. */
const SETTLING_MS = 60_000;
const STOP_MS = 15_000;
const LOOK_MS = 500;
/** The grid's default. */
const MAX_ATTEMPTS = 3;

export interface Aftermath {
  evidence: Evidence;
  /** What must not be; one sentence each. */
  breaches: string[];
}

export interface AftermathOptions {
  /** Ends the waiting early. */
  stop: AbortSignal;
  /** Called between two looks. */
  onLook?(): void;
}

/** Waits until all is settled, ends all processes, and checks everything. */
export async function conclude(grid: ChaosGrid, options: AftermathOptions): Promise<Aftermath> {
  const found = [...await untilSettled(grid, options), ...await stopNodes(grid)];
  await grid.end();
  const evidence = await gatherEvidence(grid.repo, grid.submissions, MAX_ATTEMPTS);
  found.push(...breaches(evidence), ...await leftovers(grid));
  return { evidence, breaches: found };
}

async function untilSettled(
  grid: ChaosGrid,
  { stop, onLook }: AftermathOptions,
): Promise<string[]> {
  const deadline = performance.now() + SETTLING_MS;
  while (performance.now() < deadline && !stop.aborted) {
    const { settled, isEmpty } = await progressOf(grid.repo);
    if (isEmpty && settled === grid.submissions.length) return [];
    await systemClock.wait(LOOK_MS, stop);
    onLook?.();
  }
  return [`not everything was settled ${SETTLING_MS / 1000} s after the last fault`];
}

/** Tells all nodes to stop; they must. */
async function stopNodes({ nodes }: ChaosGrid): Promise<string[]> {
  const stopped = await Promise.all(nodes.map((node) => node.stop(STOP_MS)));
  return nodes.filter((_, index) => !stopped[index])
    .map(({ id, log }) => `${id}: did not stop when it was told to: ${log.tail(2)}`);
}

/** Processes and files that are left of a grid that has ended. */
async function leftovers(grid: ChaosGrid): Promise<string[]> {
  const processes = await grid.orphansLeft();
  const files = await Array.fromAsync(Deno.readDir(grid.temporary), ({ name }) => name);
  return [
    ...await Promise.all(processes.map(async (it) => `still running: ${await commandOf(it)}`)),
    ...files.map((name) => `a temporary file is left: ${name}`),
  ];
}
