/**
 * The options of `deno task chaos`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";

export const SCENARIOS = ["chaos", "stop60", "outage"] as const;
export type Scenario = typeof SCENARIOS[number];

export const USAGE =
  `usage: deno task chaos [--scenario NAME] [--minutes M] [--seed S] [--json FILE]
  chaos    six workers under all kinds of faults for M minutes; 2 by default
  stop60   a worker is halted for M minutes, 1 by default, and its tasks are taken over
  outage   the server is away for M minutes, 5 by default`;

export interface ChaosCommand {
  scenario: Scenario;
  minutes: number;
  seed: number;
  json?: string;
}

const MINUTES: Record<Scenario, number> = { chaos: 2, stop60: 1, outage: 5 };

/** Reads the options; without a seed one is drawn. */
export function parseOptions(args: string[]): ChaosCommand | { problem: string } {
  const unknown: string[] = [];
  const { scenario, minutes, seed, json } = parseArgs(args, {
    string: ["scenario", "minutes", "seed", "json"],
    default: { scenario: "chaos" },
    unknown: (arg: string) => unknown.push(arg) === 0,
  });
  if (unknown.length > 0) return { problem: `reading the options: unknown: ${unknown.join(" ")}` };
  if (!isScenario(scenario)) return { problem: `reading the options: no scenario "${scenario}"` };
  const length = Number(minutes ?? MINUTES[scenario]);
  if (!(length > 0)) return { problem: `reading the options: --minutes: "${minutes}"` };
  const start = Number(seed ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  if (!Number.isInteger(start)) return { problem: `reading the options: --seed: "${seed}"` };
  return { scenario, minutes: length, seed: start, json };
}

function isScenario(name: string): name is Scenario {
  return SCENARIOS.some((it) => it === name);
}
