/**
 * The command line: from the arguments to the exit code.
 *
 * @module
 */
import { withoutPasswords } from "../git/without_passwords.ts";
import { COMMANDS } from "./commands.ts";
import type { Command, Context } from "./context.ts";
import { exitCodeOf, explain } from "./exit_code.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { configureLogging } from "./logging.ts";
import { limitNetwork } from "./network.ts";
import { type CommandLine, readOptions, splitArguments } from "./parse_command_line.ts";
import { stripControls } from "./printable.ts";
import { WrongUsage } from "./problems.ts";
import { NobodyReads, Terminal } from "./terminal.ts";
import { VERSION } from "./version.ts";

/**
 * Runs what the arguments ask for. Never throws.
 *
 * @param env our environment, as it was when the program started
 * @returns the exit code
 */
export async function runCommandLine(args: string[], env: Record<string, string>): Promise<number> {
  const terminal = new Terminal(env);
  try {
    await dispatch(args, env, terminal);
    return 0;
  } catch (error) {
    return report(terminal, error, isDebugging(args, env));
  }
}

async function dispatch(
  args: string[],
  env: Record<string, string>,
  terminal: Terminal,
): Promise<void> {
  const line = splitArguments(args);
  if (line.given.has("version")) return terminal.print(VERSION);
  const [name, command] = chosen(line, terminal) ?? [];
  if (name === undefined || command === undefined) return;
  const options = readOptions(name, line.given, env);
  configureLogging(terminal, options["log-level"], options["log-format"]);
  refuseOperands(name, command, line.operands);
  const { given, operands } = line;
  const context: Context = { options, given, operands, env, terminal };
  await limitNetwork(name, context);
  await command.run(context);
}

/** The command to run; undefined where help was asked for and given. */
function chosen(line: CommandLine, terminal: Terminal): [string, Command] | undefined {
  const asksHelp = line.command === "help" || line.given.has("help");
  const name = line.command === "help" ? line.operands[0] : line.command;
  if (name === undefined && (asksHelp || line.given.size === 0)) {
    terminal.print(generalHelp());
    return undefined;
  }
  if (name === undefined) {
    throw new WrongUsage("reading the command: there is none; see: dgrid help");
  }
  if (!Object.hasOwn(COMMANDS, name)) {
    throw new WrongUsage(`reading the command: "${name}": there is none; see: dgrid help`);
  }
  if (!asksHelp) return [name, COMMANDS[name]];
  terminal.print(commandHelp(name));
  return undefined;
}

function refuseOperands(name: string, { takes, operands }: Command, found: string[]): void {
  if (found.length >= takes.least && found.length <= takes.most) return;
  const usage = `dgrid ${name} ${operands}`.trimEnd();
  const what = found.length < takes.least
    ? "something is missing"
    : `"${found[takes.most]}" is too much`;
  throw new WrongUsage(`reading the command: ${what}; the form is: ${usage}`);
}

/** Tells what went wrong, and gives the exit code. */
function report(terminal: Terminal, error: unknown, isDebugging: boolean): number {
  if (error instanceof NobodyReads) return 0;
  for (const line of explain(error).split("\n")) terminal.tell(`dgrid: ${stripControls(line)}`);
  if (isDebugging && error instanceof Error) {
    terminal.tell(stripControls(withoutPasswords(error.stack ?? "")));
  }
  return exitCodeOf(error);
}

/** Looked up by itself, because the options may be what is wrong. */
function isDebugging(args: string[], env: Record<string, string>): boolean {
  const at = args.lastIndexOf("--log-level");
  const given = args.find((arg) => arg.startsWith("--log-level="))?.split("=")[1];
  return (given ?? (at >= 0 ? args[at + 1] : env.LOG_LEVEL)) === "debug";
}
