import type { CommandLine } from "./parse_command_line.ts";
import type { OptionValues } from "./options.ts";
import type { Terminal } from "./terminal.ts";

/** What a command is run with. */
export interface Context {
  options: OptionValues;
  /** The options that stood on the command line itself. */
  given: CommandLine["given"];
  /** What follows the command's name and is no option. */
  operands: string[];
  /** Our environment, as it was when the program started. */
  env: Record<string, string>;
  terminal: Terminal;
}

/** A command of the command line. It throws unless all went well. */
export interface Command {
  /** What it does, in the help's list of commands. */
  summary: string;
  /** Its operands, as the help shows them. */
  operands: string;
  /** How many operands it takes. */
  takes: { least: number; most: number };
  /** More to say in its own help. */
  details: string[];
  run(context: Context): Promise<void>;
}
