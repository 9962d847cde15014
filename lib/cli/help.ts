/**
 * The help, made from the tables of commands and options.
 *
 * @module
 */
import { COMMANDS } from "./commands.ts";
import { EXIT_CODES } from "./exit_code.ts";
import type { Option } from "./option.ts";
import { allOptions, belongsTo } from "./options.ts";
import { table } from "./table.ts";

/** What `dgrid help` prints. */
export function generalHelp(): string {
  const commands = Object.entries(COMMANDS).map(([name, { summary }]) => [`  ${name}`, summary]);
  const codes = Object.entries(EXIT_CODES).map(([code, meaning]) => `${code} ${meaning}`);
  return [
    "D-GRID: a grid of workers whose only meeting point is a Git repository.",
    "",
    "dgrid COMMAND [OPTIONS]",
    "",
    table([...commands, ["  help [COMMAND]", "explain it, or one command"]]),
    "",
    "Options of every command:",
    optionTable(({ commands }) => commands === undefined),
    "",
    `Exit codes: ${codes.join(", ")}.`,
  ].join("\n");
}

/** What `dgrid help COMMAND` prints. */
export function commandHelp(name: string): string {
  const { summary, operands, details } = COMMANDS[name];
  return [
    `dgrid ${name} ${operands} [OPTIONS]`.replace(/ {2,}/, " "),
    "",
    `${name}: ${summary}.`,
    ...details,
    "",
    "Options:",
    optionTable((option) => belongsTo(option, name)),
  ].join("\n");
}

function optionTable(isWanted: (option: Option<unknown>) => boolean): string {
  return table(
    allOptions().filter(([, option]) => isWanted(option)).map(([flag, option]) => [
      `  --${flag}${option.value ? ` ${option.value}` : ""}`,
      option.help + sourcesOf(option),
    ]),
  );
}

/** ` (default 1; MAX_PARALLEL_TASKS)` */
function sourcesOf({ fallback, variable }: Option<unknown>): string {
  const sources = [fallback && `default ${fallback}`, variable].filter((it) => it !== undefined);
  return sources.length > 0 ? ` (${sources.join("; ")})` : "";
}
