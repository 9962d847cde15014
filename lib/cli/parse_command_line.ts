/**
 * Reads the command line: which command, its options, its operands.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { InvalidInput } from "../protocol/problem.ts";
import type { Option } from "./option.ts";
import { allOptions, belongsTo, type Flag, type OptionValues } from "./options.ts";
import { WrongUsage } from "./problems.ts";

/** What stood on the command line, before the environment is asked. */
export interface CommandLine {
  /** The first operand. */
  command?: string;
  operands: string[];
  /** By flag, what was given on the command line; a switch has an empty text. */
  given: ReadonlyMap<Flag, string[]>;
}

/**
 * Splits the arguments.
 *
 * @throws {WrongUsage} at an option that does not exist, or has no value
 */
export function splitArguments(args: string[]): CommandLine {
  const taking = allOptions().filter(([, { value }]) => value !== undefined).map(([flag]) => flag);
  const parsed = parseArgs(args, {
    // Also the operands: an id such as 007 is text.
    string: [...taking, "_"],
    boolean: allOptions().map(([flag]) => flag).filter((flag) => !taking.includes(flag)),
    collect: taking,
    alias: { help: "h", version: "V" },
    unknown: (arg: string, key?: string) => {
      if (key === undefined) return true;
      throw new WrongUsage(`reading the options: ${arg}: there is no such option; see: dgrid help`);
    },
  }) as unknown as Record<string, unknown> & { _: (string | number)[] };
  const [command, ...operands] = parsed._.map(String);
  const given = new Map(
    allOptions().flatMap(([flag]): [Flag, string[]][] => {
      const value = parsed[flag];
      if (Array.isArray(value)) return value.length > 0 ? [[flag, value]] : [];
      return value === true ? [[flag, [""]]] : [];
    }),
  );
  return { command, operands, given };
}

/**
 * Reads the options of a command, from the command line, the environment and the fallbacks.
 *
 * @throws {WrongUsage} naming the option, the value and the rule
 */
export function readOptions(
  command: string,
  given: CommandLine["given"],
  env: Record<string, string>,
): OptionValues {
  const values: Partial<Record<Flag, unknown>> = {};
  for (const [flag, option] of allOptions()) {
    if (belongsTo(option, command)) {
      values[flag] = readOption(command, flag, option, given.get(flag), env);
    } else if (given.has(flag)) {
      throw new WrongUsage(
        `reading the options: --${flag}: ${command} does not take it; see: dgrid help ${command}`,
      );
    }
  }
  // Options of other commands are absent, and no command asks for them.
  return values as OptionValues;
}

function readOption(
  command: string,
  flag: Flag,
  option: Option<unknown>,
  given: string[] | undefined,
  env: Record<string, string>,
): unknown {
  const { variable, fallback, value } = option;
  const inEnvironment = given === undefined && variable !== undefined && env[variable];
  const name = inEnvironment ? variable : `--${flag}`;
  const advice = `see: dgrid help ${command}`;
  if (value !== undefined && given?.includes("")) {
    throw new WrongUsage(
      `reading the options: ${name}: needs a value, ${name}=${value}; ${advice}`,
    );
  }
  if (value !== undefined && given !== undefined && given.length > 1 && !option.repeatable) {
    throw new WrongUsage(`reading the options: ${name}: is given more than once; ${advice}`);
  }
  const absent = fallback === undefined ? [] : [fallback];
  try {
    return option.parse(given ?? (inEnvironment ? [inEnvironment] : absent));
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    throw new WrongUsage(`reading the options: ${name}: ${error.message}; ${advice}`);
  }
}
