/**
 * What a run of faults came to.
 *
 * @module
 */
import type { Driver } from "./driver.ts";
import type { Evidence } from "./evidence.ts";
import type { Faults, Injected } from "./faults.ts";
import type { ChaosGrid } from "./grid.ts";
import type { Version } from "./history.ts";
import { recoveriesOf } from "./recovery.ts";

/** The report, as `--json` writes it. */
export interface Report {
  seed: number;
  minutes: number;
  tasks: number;
  wall_seconds: number;
  /** How often each fault was injected. */
  faults: Record<string, number>;
  results: Record<string, number>;
  attempts: number;
  takeovers: number;
  hand_backs: number;
  fenced: number;
  copies_made_again: number;
  pushes_cut: number;
  server_cuts: number;
  twins_refused: number;
  cancels: Record<string, number>;
  /** Tasks whose owner was killed, and how long each then waited, in seconds. */
  recoveries: { count: number; median_s: number; longest_s: number; longest_without_cut_s: number };
  /** Why workers ended by themselves; whoever looks after them started them again. */
  ended_by_themselves: Record<string, number>;
  connections: number;
  bytes: { up: number; down: number };
  shard_commits: number;
  breaches: string[];
}

/** What a report is made of. */
export interface Account {
  seed: number;
  minutes: number;
  startedMs: number;
  grid: ChaosGrid;
  faults: Faults;
  driver: Driver;
  evidence: Evidence;
  breaches: string[];
}

export function makeReport(account: Account): Report {
  const { seed, minutes, startedMs, grid, faults, driver, evidence, breaches } = account;
  const results = [...evidence.results.values()];
  const lines = grid.nodes.flatMap(({ log }) => log.lines);
  const logged = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length;
  const twins = faults.journal.filter(({ kind }) => kind === "twin");
  const own = grid.nodes.flatMap(({ endings }) => endings).filter(({ wanted }) => !wanted);
  return {
    seed,
    minutes,
    tasks: evidence.submissions.length,
    wall_seconds: Math.round((Date.now() - startedMs) / 1000),
    faults: counted(faults.journal.map(({ kind }) => kind).filter((kind) => kind !== "restart")),
    results: counted(results.map(({ status }) => status)),
    attempts: results.reduce((sum, { attempts }) => sum + attempts.length, 0),
    takeovers: ended(evidence, "lost"),
    hand_backs: ended(evidence, "handed_back"),
    fenced: logged(/\bfenced\b/),
    copies_made_again: logged(/the local copy .*is made again/),
    pushes_cut: grid.proxy.pushesCut,
    server_cuts: grid.proxy.cuts,
    twins_refused: twins.filter(({ words }) => words.startsWith("refused")).length,
    cancels: counted(driver.cancels),
    recoveries: summary(faults.journal, evidence.versions),
    ended_by_themselves: counted(own.map(({ code, lastLine }) => `${code}: ${lastLine}`)),
    connections: grid.proxy.connections,
    bytes: grid.proxy.bytes,
    shard_commits: evidence.chains.slice(1).reduce((sum, { moves }) => sum + moves.length, 0),
    breaches,
  };
}

/** How many attempts ended so, on the shards. */
function ended({ results }: Evidence, outcome: string): number {
  return [...results.values()].flatMap(({ attempts }) => attempts)
    .filter((past) => past.outcome === outcome).length;
}

function summary(journal: Injected[], versions: Map<string, Version[]>): Report["recoveries"] {
  const all = recoveriesOf(journal, versions);
  const seconds = all.map(({ waitedMs }) => waitedMs / 1000).toSorted((one, two) => one - two);
  const uncut = all.filter(({ metCut }) => !metCut).map(({ waitedMs }) => waitedMs / 1000);
  return {
    count: all.length,
    median_s: seconds[seconds.length >> 1] ?? 0,
    longest_s: seconds.at(-1) ?? 0,
    longest_without_cut_s: Math.max(0, ...uncut),
  };
}

function counted(words: string[]): Record<string, number> {
  const groups = Map.groupBy(words.toSorted(), (word) => word);
  return Object.fromEntries([...groups].map(([word, all]) => [word, all.length]));
}

/** The report for people. */
export function inWords(report: Report): string {
  const { breaches: _, ...rest } = report;
  const lines = Object.entries(rest).map(([name, value]) =>
    `${name.replaceAll("_", " ")}: ${typeof value === "object" ? listed(value) : value}`
  );
  return lines.join("\n");
}

function listed(values: Record<string, number>): string {
  const parts = Object.entries(values).map(([name, value]) =>
    `${name.replaceAll("_", " ")} ${value}`
  );
  return parts.length === 0 ? "none" : parts.join(", ");
}
