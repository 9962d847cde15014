/** What is wrong with an input: where it stands, the value that was found, and the rule it breaks. */
export interface Problem {
  /** The field as a path, such as `resources.cpus`; empty when the whole text is meant. */
  field: string;
  /** The offending value, shortened for print; absent when there is none to show. */
  found?: string;
  /** The rule, as the rest of a sentence: "must be an integer from 1 to 86400". */
  rule: string;
}

/** Either what was read, or every problem found on the way. */
export type Parsed<T> = { ok: true; value: T } | { ok: false; problems: Problem[] };

const MAX_SHOWN = 60;
/** A field's name comes from the input, too, and may have a megabyte. */
const MAX_FIELD = 160;
/** A file of a megabyte has room for a hundred thousand problems. */
const MAX_DESCRIBED = 20;

/** A value as it is shown in a message: JSON, at most 60 characters. Safe at any depth and size. */
export function shown(value: unknown): string {
  const text = beginning(value, MAX_SHOWN + 1) ?? String(value);
  return cut(text, MAX_SHOWN);
}

/**
 * The JSON of a value, or of a value whose JSON begins alike for `room` characters. Each level takes
 * a character, so it never goes deeper than `room`.
 */
function beginning(value: unknown, room: number): string | undefined {
  if (room <= 0) return "";
  if (typeof value === "string") return JSON.stringify(value.slice(0, room));
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  let text = open;
  for (const [name, item] of Object.entries(value)) {
    const label = Array.isArray(value) ? "" : `${JSON.stringify(name.slice(0, room))}:`;
    const start = (text === open ? "" : ",") + label;
    const content = beginning(item, room - text.length - start.length);
    if (content === undefined && label !== "") continue;
    text += start + (content ?? "null");
    if (text.length >= room) break;
  }
  return text + close;
}

/** What would break a line, or move the cursor of a screen, in the words of an input. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** One problem as a phrase in one line: `timeout_seconds: 0: must be an integer from 1 to 86400`. */
export function describeProblem({ field, found, rule }: Problem): string {
  return [cut(field, MAX_FIELD), found, rule].filter((part) => part !== undefined && part !== "")
    .join(": ").replaceAll(CONTROLS, "\ufffd");
}

/** The problems of one input in one line, which stays short however many there are. */
export function describeProblems(problems: Problem[]): string {
  const phrases = problems.slice(0, MAX_DESCRIBED).map(describeProblem);
  const more = problems.length - phrases.length;
  return [...phrases, ...(more > 0 ? [`and ${more} more problems`] : [])].join("; ");
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 3)}...` : text;
}

/** Input from a person that breaks a rule. The command line ends with exit code 2 on it. */
export class InvalidInput extends Error {
  override name = "InvalidInput";
}
