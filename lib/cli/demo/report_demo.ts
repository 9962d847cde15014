/**
 * What the demo says at the end, and whether it went as it promises.
 *
 * @module
 */
import type { Result } from "../../protocol/result.ts";
import type { Context } from "../context.ts";
import { describeResult } from "../describe_result.ts";
import { table } from "../table.ts";
import { checkLedger, lastCommits } from "./check_ledger.ts";
import { type Estimate, estimatePi, holdsPi } from "./estimate.ts";
import { hitsIn } from "./pi_tasks.ts";

const SHOWN_COMMITS = 8;

/** How a demo went. */
export interface Outcome {
  taskIds: string[];
  nodeIds: string[];
  /** By task id. */
  results: Map<string, Result>;
  elapsedMs: number;
}

/**
 * Prints the outcome.
 *
 * @throws {Error} when a task has not exactly one result, failed, or the interval misses π
 */
export async function reportDemo(
  { terminal, options, env }: Context,
  repo: string,
  outcome: Outcome,
): Promise<void> {
  const breaches = await checkLedger(repo, outcome.taskIds, env);
  const results = [...outcome.results.values()];
  const estimate = estimatePi(results.flatMap(({ output }) => hitsIn(output) ?? []));
  const commits = await lastCommits(repo, SHOWN_COMMITS, env);
  if (options.json) {
    terminal.printJson(summary(outcome, estimate, breaches));
  } else {
    const heading = terminal.marked(inWords(estimate), "bold");
    terminal.print([heading, "", ...tellNodes(outcome), "", ...tellCommits(commits)].join("\n"));
  }
  refuse([
    ...breaches,
    ...results.filter(({ status }) => status !== "success").map(describeResult),
    ...holdsPi(estimate) ? [] : ["the interval does not hold π; that happens in 5 of 100 cases"],
  ]);
}

function summary(
  { taskIds, nodeIds, results, elapsedMs }: Outcome,
  estimate: Estimate,
  breaches: string[],
) {
  const seconds = Math.round(elapsedMs / 100) / 10;
  const nodes = Object.fromEntries(nodeIds.map((id) => [id, countOf(id, results)]));
  return {
    ...estimate,
    holds_pi: holdsPi(estimate),
    tasks: taskIds.length,
    nodes,
    seconds,
    breaches,
  };
}

function inWords({ pi, low, high, samples }: Estimate): string {
  return `π ≈ ${pi.toFixed(6)}, with 95 % confidence from ${low.toFixed(6)} to ${
    high.toFixed(6)
  } ` +
    `(${samples.toLocaleString("en")} points)`;
}

function tellNodes({ taskIds, nodeIds, results, elapsedMs }: Outcome): string[] {
  const rows = nodeIds.map((id) => [id, `${countOf(id, results)} tasks`]);
  const seconds = (elapsedMs / 1000).toFixed(1);
  return [table(rows), `${taskIds.length} tasks, ${results.size} results, ${seconds} s`];
}

function countOf(nodeId: string, results: Map<string, Result>): number {
  return [...results.values()].filter(({ node_id }) => node_id === nodeId).length;
}

function tellCommits(commits: string[]): string[] {
  return [`git log, the last ${commits.length}:`, ...commits.map((line) => `  ${line}`)];
}

function refuse(troubles: string[]): void {
  if (troubles.length > 0) throw new Error(`checking the demo: ${troubles.join("; ")}`);
}
