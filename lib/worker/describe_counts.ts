/**
 * What a worker has counted, in one line for people.
 *
 * @module
 */
import type { GitCounts } from "../git/git_counters.ts";
import { spanInWords } from "../report/span.ts";
import type { Counts } from "./counters_record.ts";
import { PHASES } from "./worker_counters.ts";

/** The commands that speak with the server, and what many of them are called. */
const TALKS: [kind: string, words: string][] = [
  ["ls-remote", "ls-remotes"],
  ["fetch", "fetches"],
  ["push", "pushes"],
];

/** Less than this would be shown as 0.0 s. */
const LEAST_TOLD_MS = 50;

/** `up 3 min, now: wait; ticks 412 (37 with news); …; pushes 51 (3 refused); …; time: look 12.1 s, …` */
export function describeCounts(counts: Counts): string {
  const { uptime_ms, ticks, claims, queue_delay: delay, runs, phases_ms, phase, git } = counts;
  const took = PHASES.filter((it) => phases_ms[it] >= LEAST_TOLD_MS)
    .map((it) => `${it} ${seconds(phases_ms[it])}`);
  return [
    `up ${spanInWords(uptime_ms)}, now: ${phase}`,
    noted("ticks", ticks.count, { "with news": ticks.with_news, failed: ticks.failed }),
    ...gitParts(git),
    noted("claims", claims.said, { refused: claims.refused }),
    `begun ${delay.count}` +
    (delay.count === 0 ? "" : ` after ${seconds(delay.median_ms)} in the ` +
      `queue (median; longest ${seconds(delay.max_ms)})`),
    `ran ${runs.count} in ${seconds(runs.ms)}`,
    ...took.length > 0 ? [`time: ${took.join(", ")}`] : [],
  ].join("; ");
}

function gitParts({ operations, refs, refused_pushes, retries, bytes }: GitCounts): string[] {
  const talks = TALKS.map(([kind, words]) => {
    const { count = 0, failed = 0 } = operations[kind] ?? {};
    return noted(words, count, { refused: kind === "push" ? refused_pushes : 0, failed });
  });
  const local = Object.entries(operations).filter(([kind]) => TALKS.every(([it]) => it !== kind));
  const sum = (what: "count" | "failed") => local.reduce((all, [, it]) => all + it[what], 0);
  return [
    ...talks,
    noted("refs moved", refs.moved, { lost: refs.lost, refused: refs.refused }),
    noted("local commands", sum("count"), { failed: sum("failed") }),
    ...retries > 0 ? [`retries ${retries}`] : [],
    `sent ${size(bytes.sent)}, received ${size(bytes.received)}, refs listed ${size(bytes.listed)}`,
  ];
}

/** `pushes 51 (3 refused)`; what there is none of is left out. */
function noted(what: string, count: number, notes: Record<string, number>): string {
  const some = Object.entries(notes).filter(([, many]) => many > 0)
    .map(([words, many]) => `${many} ${words}`);
  return `${what} ${count}` + (some.length > 0 ? ` (${some.join(", ")})` : "");
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
