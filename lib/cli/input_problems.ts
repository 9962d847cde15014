import { describeProblem, InvalidInput, type Problem } from "../protocol/problem.ts";
import { inOneLine } from "./printable.ts";

/** So many problems are told of one input; a line each, so a hundred thousand would help nobody. */
const MAX_TOLD = 1_000;

/** Everything that is wrong with an input, and where. */
export class InputProblems {
  readonly #lines: string[] = [];
  #count = 0;

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** Notes what is wrong at a place. */
  note(place: string, problems: Problem[]): void {
    this.#count += problems.length;
    const told = problems.slice(0, MAX_TOLD - this.#lines.length);
    for (const problem of told) {
      this.#lines.push(inOneLine(`${place}: ${describeProblem(problem)}`));
    }
  }

  /** @throws {InvalidInput} when there are any, with a line for each and their number */
  refuse(): void {
    if (this.#count === 0) return;
    const untold = this.#count - this.#lines.length;
    const which = untold === 0 ? "" : `, of which ${untold} are not shown`;
    const end = `${this.#count} problems${which}; mend them and try again`;
    throw new InvalidInput([...this.#lines, ...(this.#count === 1 ? [] : [end])].join("\n"));
  }
}
