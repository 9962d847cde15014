/**
 * How an option is declared: once, with everything that parsing and the help need.
 *
 * @module
 */
import { InvalidInput, shown } from "../protocol/problem.ts";

/** An option of the command line. */
export interface Option<T> {
  /** How its value is called in the help; absent for a switch, which takes none. */
  value?: string;
  /** The environment variable that gives it where the command line does not. */
  variable?: string;
  /** What it is where nothing gives it, as text. */
  fallback?: string;
  help: string;
  /** The commands that know it; absent where all do. */
  commands?: readonly string[];
  /** Whether it can be given more than once. */
  repeatable?: boolean;
  /** Reads what was given. @throws {BadValue} */
  parse(texts: string[]): T;
}

/** What a declaration says besides how its value is read. */
type Declared = Omit<Option<unknown>, "parse" | "repeatable">;

/** A text broke an option's rule. */
export class BadValue extends InvalidInput {
  override name = "BadValue";
  constructor(text: string, rule: string) {
    super(`${shown(text)}: ${rule}`);
  }
}

/** An option that is on or off. */
export function toggle(declared: Declared): Option<boolean> {
  return { ...declared, parse: (texts) => texts.length > 0 };
}

/** An option with one value, which may be absent. */
export function single<T>(read: (text: string) => T, declared: Declared): Option<T | undefined> {
  return { ...declared, parse: ([text]) => text === undefined ? undefined : read(text) };
}

/** An option with one value and a fallback. */
export function settled<T>(
  read: (text: string) => T,
  declared: Declared & { fallback: string },
): Option<T> {
  return { ...declared, parse: ([text]) => read(text) };
}

/** An option that can be given several times, as `KEY=VALUE`. */
export function pairs(declared: Declared): Option<Record<string, string>> {
  return { ...declared, repeatable: true, parse: readPairs };
}

function readPairs(texts: string[]): Record<string, string> {
  return Object.fromEntries(texts.map((text) => {
    const at = text.indexOf("=");
    if (at < 1) throw new BadValue(text, "must be KEY=VALUE");
    return [text.slice(0, at), text.slice(at + 1)];
  }));
}

export const asText = (text: string): string => text;

/** Reads a whole number. */
export function integer(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
    if (value >= low && value <= high) return value;
    throw new BadValue(text, `must be an integer from ${low} to ${high}`);
  };
}

/** Reads a length of time in seconds, in which fractions are allowed. */
export function seconds(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (value >= low && value <= high) return value;
    throw new BadValue(text, `must be a number of seconds from ${low} to ${high}`);
  };
}

/** Reads one of a few words. */
export function oneOf<T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const word = words.find((it) => it === text);
    if (word !== undefined) return word;
    throw new BadValue(text, `must be one of ${words.join(", ")}`);
  };
}

/** Reads text that has to keep a rule of its own. */
export function checked(isGood: (text: string) => boolean, rule: string): (text: string) => string {
  return (text) => {
    if (isGood(text)) return text;
    throw new BadValue(text, `must be ${rule}`);
  };
}

/** Reads JSON. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadValue(text, `must be JSON (${(error as Error).message})`);
  }
}
