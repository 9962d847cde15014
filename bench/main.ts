/**
 * `deno task bench`: measures D-GRID and what it is compared with. Needs Linux.
 *
 * @module
 */
import { BENCHMARKS } from "./benchmarks.ts";
import { reportMachine } from "./machine.ts";
import { type BenchmarkReport, isPassed, measure } from "./measure.ts";
import { type BenchCommand, parseOptions, USAGE } from "./options.ts";
import { describeMachine, describeReport } from "./report.ts";
import { inWorkplace } from "./workplace.ts";

/** @returns the exit code */
async function main({ names, short, json }: BenchCommand): Promise<number> {
  const machine = await reportMachine();
  console.log(`${describeMachine(machine)}\n`);
  const reports: BenchmarkReport[] = [];
  for (const benchmark of BENCHMARKS.filter(({ name }) => names.includes(name))) {
    const report = await measure(benchmark, short);
    reports.push(report);
    console.log(`${describeReport(report)}\n`);
  }
  if (json !== undefined) {
    const record = { at: new Date().toISOString(), short, machine, benchmarks: reports };
    await Deno.writeTextFile(json, JSON.stringify(record, null, 2) + "\n");
  }
  const missed = reports.filter((report) => !isPassed(report)).map(({ name }) => name);
  console.log(missed.length === 0 ? "all targets reached" : `missed: ${missed.join(", ")}`);
  return missed.length === 0 ? 0 : 1;
}

const options = parseOptions(Deno.args, BENCHMARKS.map(({ name }) => name));
if ("problem" in options) {
  console.error(`${options.problem}\n${USAGE}`);
  Deno.exit(2);
}
Deno.exit(await inWorkplace(() => main(options)));
