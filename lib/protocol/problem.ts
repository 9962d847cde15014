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

/** A value as it is shown in a message: JSON, at most 60 characters. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** One problem as a phrase: `timeout_seconds: 0: must be an integer from 1 to 86400`. */
export function describeProblem({ field, found, rule }: Problem): string {
  return [field, found, rule].filter((part) => part !== undefined && part !== "").join(": ");
}

/** All problems of one input in one line. */
export function describeProblems(problems: Problem[]): string {
  return problems.map(describeProblem).join("; ");
}

/** Input from a person that breaks a rule. The command line ends with exit code 2 on it. */
export class InvalidInput extends Error {
  override name = "InvalidInput";
}
