/**
 * The text of the program that runs in a sandbox: the bootstrap, and what it is told.
 *
 * @module
 */
import { bootstrap, type SandboxSetup } from "./sandbox_bootstrap.ts";

/** What a program is made of. */
export interface ProgramParts extends Omit<SandboxSetup, "moduleUrl"> {
  /** The text of the user's module. */
  module: string;
}

/** The whole program as JavaScript. */
export function composeProgram({ module, ...rest }: ProgramParts): string {
  const setup: SandboxSetup = { moduleUrl: moduleUrl(module), ...rest };
  return `(${bootstrap})(() => import("node:module"), ${literal(setup)});\n`;
}

/** A module's text as a URL to import it by. */
export function moduleUrl(module: string): string {
  // Half of a surrogate pair has no UTF-8; it is replaced as in every other text we write.
  return `data:text/javascript;charset=utf-8,${encodeURIComponent(module.toWellFormed())}`;
}

/** A value as a JavaScript expression that means the same inside any program or page. */
export function literal(value: unknown): string {
  // As a literal object, a key `__proto__` would set the prototype; JSON.parse keeps it as a key.
  const json = JSON.stringify(JSON.stringify(value));
  const escaped = json.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029")
    .replaceAll("</", "<\\/");
  return `JSON.parse(${escaped})`;
}
