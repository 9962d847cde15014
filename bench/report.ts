/**
 * The report of benchmarks, for people.
 *
 * @module
 */
import type { Bound } from "./benchmark.ts";
import type { MachineReport } from "./machine.ts";
import type { BenchmarkReport, FigureReport } from "./measure.ts";
import type { Summary } from "./statistics.ts";
import type { Verdict } from "./verdict.ts";

export function describeMachine({ cpu, cores, memoryMb, kernel, versions }: MachineReport): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${cpu}, ${cores} cores, ${memoryMb} MB, Linux ${kernel}\n${programs.join(", ")}`;
}

export function describeReport(report: BenchmarkReport): string {
  const { name, measures, against, missing, rounds, figures, verdicts, seconds } = report;
  const head = `${name}: ${measures}${against === undefined ? "" : `; against ${against}`}`;
  if (missing !== undefined) return `${head}\n  not measured: ${missing}`;
  return [
    head,
    ...figures.map(describeFigure),
    ...verdicts.map(describeVerdict),
    `  (${rounds.length} rounds, ${seconds.toFixed(0)} s)`,
  ].join("\n");
}

function describeFigure({ figure, own, reference, ratio }: FigureReport): string {
  const parts = [`ours ${describeSummary(own)}`];
  if (reference !== undefined) parts.push(`reference ${describeSummary(reference)}`);
  if (ratio !== undefined) parts.push(`ratio ${describeSummary(ratio)}`);
  return `  ${figure}: ${parts.join("; ")}`;
}

/** The median, and in brackets the range. */
function describeSummary({ median, least, most, p99, count }: Summary): string {
  if (count === 1) return short(median);
  // A percentile of a few figures is the largest of them.
  const tail = count >= 100 ? `, p99 ${short(p99)}` : "";
  return `${short(median)} (${short(least)}–${short(most)}${tail})`;
}

function describeVerdict({ target, value, bound, isReached, isBinding }: Verdict): string {
  const { figure, of, statistic = "median" } = target;
  const words = isReached ? "reached" : isBinding ? "MISSED" : "missed, which does not count here";
  const what = of === "ratio" ? `ratio of ${figure}` : figure;
  return `  ${statistic} of ${what}: ${short(value)}, wanted ${describeBound(bound)}: ${words}`;
}

function describeBound(bound: Bound): string {
  return "least" in bound ? `at least ${short(bound.least)}` : `at most ${short(bound.most)}`;
}

/** Three digits that matter. */
function short(value: number): string {
  if (!Number.isFinite(value)) return "nothing";
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
