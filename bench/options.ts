/**
 * The options of `deno task bench`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";

export const USAGE = `usage: deno task bench [NAME…] [--short] [--json FILE]
  NAME     only these benchmarks; all where none is named
  --short  smaller sizes and fewer rounds; fails where a ratio or a count got worse, not a time
  --json   writes every figure into FILE`;

export interface BenchCommand {
  /** The benchmarks to run, each once, in the order of the list. */
  names: string[];
  short: boolean;
  json?: string;
}

/**
 * Reads the options.
 *
 * @param known the names of all benchmarks
 */
export function parseOptions(
  args: string[],
  known: readonly string[],
): BenchCommand | { problem: string } {
  const unknown: string[] = [];
  const { _: operands, short, json } = parseArgs(args, {
    string: ["json", "_"],
    boolean: ["short"],
    unknown: (arg: string, key?: string) => key === undefined || unknown.push(arg) === 0,
  });
  if (unknown.length > 0) return { problem: `reading the options: unknown: ${unknown.join(" ")}` };
  if (json === "") return { problem: "reading the options: --json: no file is named" };
  const wanted = (operands as (string | number)[]).map(String);
  const strange = wanted.find((name) => !known.includes(name));
  if (strange !== undefined) {
    const all = known.join(", ");
    return { problem: `reading the options: no benchmark "${strange}"; there are ${all}` };
  }
  const names = known.filter((name) => wanted.length === 0 || wanted.includes(name));
  return { names, short, json };
}
