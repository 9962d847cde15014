/**
 * An owner that is halted for far longer than its lease, and then goes on.
 *
 * @module
 */
import { systemClock } from "../../lib/clock.ts";
import { conclude } from "./aftermath.ts";
import type { Evidence } from "./evidence.ts";
import type { ChaosGrid } from "./grid.ts";
import type { ScenarioOptions, Told } from "./scenario.ts";
import { waitingTasks } from "./workload.ts";

/** Longer than the lease, so that the others have to begin them again. */
const TASK_MS = 15_000;

/** Halts one of three nodes while it runs two tasks; the others finish them. */
export async function runHaltedOwner(grid: ChaosGrid, options: ScenarioOptions): Promise<Told> {
  const { minutes, stop, tell } = options;
  const owner = grid.addNode("owner");
  await grid.submit(waitingTasks(2, TASK_MS));
  for (const { task_id } of grid.submissions) {
    await owner.log.until(new RegExp(`${task_id}: started, attempt 1`));
  }
  const others = ["one", "two"].map((id) => grid.addNode(id));
  await Promise.all(others.map(({ log, id }) => log.until(new RegExp(`${id} runs`))));
  await owner.halt(false);
  tell(`the owner of ${grid.submissions.length} tasks is halted`);
  await systemClock.wait(minutes * 60_000, stop);
  const taken = others.map(({ log }) => log.count(/started, attempt 2/));
  const from = owner.log.lines.length;
  await owner.resume();
  tell(`it goes on; the others have begun ${taken.join(" + ")} of them`);
  const fenced = () => owner.log.lines.slice(from).filter((line) => line.includes("fenced"));
  await owner.log.until(/\bfenced\b/, { from });
  const { evidence, breaches } = await conclude(grid, { stop });
  breaches.push(...ownersResults(evidence));
  const words = [`the owner logs, after ${minutes} minutes:`, ...fenced(), "results:"];
  for (const { task_id, node_id, attempt, status } of evidence.results.values()) {
    words.push(`${task_id}: ${status} by ${node_id}, attempt ${attempt}`);
  }
  return { breaches, words: words.join("\n  "), record: { fenced: fenced(), breaches } };
}

/** What was taken from the owner must be somebody else's. */
function ownersResults({ results }: Evidence): string[] {
  return [...results.values()].filter(({ node_id }) => node_id === "owner")
    .map(({ task_id }) => `${task_id}: the halted owner has published its result`);
}
