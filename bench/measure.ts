/**
 * Runs a benchmark: both sides in turn, round after round, each in a folder that vanishes.
 *
 * @module
 */
import { type Benchmark, type Figures, type Round, ROUNDS } from "./benchmark.ts";
import { temporaryFolder } from "../tests/support/git_server.ts";
import { judgeAll, type Measured, ratiosOf, valuesOf, type Verdict } from "./verdict.ts";
import { type Summary, summaryOf } from "./statistics.ts";

/** A figure of a benchmark, over all rounds. */
export interface FigureReport {
  figure: string;
  own: Summary;
  reference?: Summary;
  ratio?: Summary;
}

export interface BenchmarkReport {
  name: string;
  measures: string;
  against?: string;
  /** Why it was not measured. */
  missing?: string;
  rounds: Measured[];
  figures: FigureReport[];
  verdicts: Verdict[];
  seconds: number;
}

/** Whether all that binds is reached; what could not be measured is not. */
export function isPassed({ missing, verdicts }: BenchmarkReport): boolean {
  return missing === undefined &&
    verdicts.every(({ isReached, isBinding }) => isReached || !isBinding);
}

/** Measures a benchmark and judges it. */
export async function measure(benchmark: Benchmark, short: boolean): Promise<BenchmarkReport> {
  const began = performance.now();
  const missing = await benchmark.missing?.();
  const rounds = missing === undefined ? await measureRounds(benchmark, short) : [];
  const { name, measures, against, targets } = benchmark;
  return {
    name,
    measures,
    against,
    missing,
    rounds,
    figures: figuresOf(rounds),
    verdicts: missing === undefined ? judgeAll(targets, rounds, short) : [],
    seconds: (performance.now() - began) / 1000,
  };
}

async function measureRounds(benchmark: Benchmark, short: boolean): Promise<Measured[]> {
  await using folder = await temporaryFolder();
  await using stack = new AsyncDisposableStack();
  const sides = await benchmark.prepare({ short, folder: folder.path, stack });
  const { rounds = ROUNDS } = benchmark;
  const measured: Measured[] = [];
  for (let number = 0; number < (short ? rounds.short : rounds.full); number++) {
    const own = () => inFolder(number, sides.own);
    const reference = async () => sides.reference && await inFolder(number, sides.reference);
    // Whoever comes second finds warm caches; so each does, every other time.
    if (number % 2 === 0) measured.push({ own: await own(), reference: await reference() });
    else {
      const theirs = await reference();
      measured.push({ own: await own(), reference: theirs });
    }
  }
  return measured;
}

async function inFolder(
  number: number,
  side: (round: Round) => Promise<Figures>,
): Promise<Figures> {
  await using folder = await temporaryFolder();
  return await side({ number, folder: folder.path });
}

function figuresOf(rounds: Measured[]): FigureReport[] {
  const names = new Set(rounds.flatMap(({ own }) => Object.keys(own)));
  return [...names].map((figure) => {
    const ratios = ratiosOf(rounds, figure);
    const theirs = valuesOf(rounds.map(({ reference }) => reference), figure);
    return {
      figure,
      own: summaryOf(valuesOf(rounds.map(({ own }) => own), figure)),
      reference: theirs.length === 0 ? undefined : summaryOf(theirs),
      ratio: ratios.length === 0 ? undefined : summaryOf(ratios),
    };
  });
}
