/**
 * The parts of the README that follow from the code.
 *
 * @module
 */
import { COMMANDS } from "../../lib/cli/commands.ts";
import { allOptions } from "../../lib/cli/options.ts";

export const README = await Deno.readTextFile(new URL("../../README.md", import.meta.url));

/** A Markdown text without what a formatter may add: padding of table cells, and line breaks. */
export function unpadded(markdown: string): string {
  return markdown.replaceAll(/-{3,}/g, "---").replaceAll(/ {2,}/g, " ");
}

/** The table of commands. */
export function commandTable(): string {
  const rows = Object.entries(COMMANDS).map(([name, { operands, summary }]) => [
    `\`${`dgrid ${name} ${operands}`.trim()}\``,
    summary,
  ]);
  return markdownTable(["command", "what it does"], [
    ...rows,
    ["`dgrid help [COMMAND]`", "explain it, or one command with its options"],
  ]);
}

/** The table of options and variables. */
export function optionTable(): string {
  const rows = allOptions().map(([flag, { value, variable, fallback, help, commands }]) => [
    `\`--${flag}${value === undefined ? "" : ` ${value}`}\``,
    variable === undefined ? "" : `\`${variable}\``,
    fallback === undefined ? "" : `\`${fallback}\``,
    commands === undefined ? "all" : commands.length > 6 ? "all on a grid" : commands.join(", "),
    help,
  ]);
  return markdownTable(["option", "variable", "default", "commands", "meaning"], rows);
}

/** The shell blocks whose first line is ```` ```sh INFO ````. */
export function shellBlocks(info = ""): string[] {
  const blocks = README.matchAll(/^ *```sh ?(\S*)\n([^]*?)^ *```$/gm);
  return [...blocks].filter(([, words]) => info === "" || words === info).map(([, , text]) => text);
}

function markdownTable(head: string[], rows: string[][]): string {
  const line = (cells: string[]) =>
    `| ${cells.map((it) => it.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)]
    .map((row) => row.replaceAll(/\| {2}(?=\|)/g, "| ")).join("\n");
}
