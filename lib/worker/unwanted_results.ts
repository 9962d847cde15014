/**
 * Results that a host does not take, such as one whose output looks to it like a password. The task
 * must end all the same, so after some tries its end is reported without what it printed.
 *
 * @module
 */
import type { Heard, Saying } from "../ledger/draft.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { say } from "../ledger/live_edge.ts";
import { notRun } from "../protocol/result.ts";

/** A host that refuses everything for a moment gets this many further tries. */
const MAX_REFUSALS = 5;

export class UnwantedResults {
  /** How often the host has refused a saying, and its last words. */
  readonly #refusals = new Map<Saying, { count: number; words: string }>();

  /** Notes what became of sayings. */
  note(sayings: Saying[], heard: Heard[]): void {
    sayings.forEach((saying, index) => {
      const answer = heard[index];
      const isRefused = !answer.heard && answer.refusal === undefined && answer.isRefused;
      if (!isRefused) this.#refusals.delete(saying);
      else {
        const count = (this.#refusals.get(saying)?.count ?? 0) + 1;
        this.#refusals.set(saying, { count, words: answer.words });
      }
    });
  }

  /**
   * Says once more what was refused too often, without its content. What the host refuses even so
   * stays to be said, whole: perhaps it is the host's trouble, and not the result's.
   *
   * @returns the sayings that were heard so, and the answers
   */
  async sayWithoutContent(ledger: Ledger): Promise<{ sayings: Saying[]; heard: Heard[] }> {
    const unwanted = [...this.#refusals].filter(([{ execution }, { count }]) =>
      execution !== undefined && count >= MAX_REFUSALS
    );
    const bare = unwanted.map(([saying, { words }]) => withoutContent(saying, words));
    if (bare.length === 0) return { sayings: [], heard: [] };
    const { heard } = await say(ledger, bare);
    const heardOf = unwanted.flatMap(([saying], index) =>
      heard[index].heard ? [{ saying, answer: heard[index] }] : []
    );
    for (const { saying } of heardOf) this.#refusals.delete(saying);
    return {
      sayings: heardOf.map(({ saying }) => saying),
      heard: heardOf.map(({ answer }) => answer),
    };
  }
}

function withoutContent({ event, task }: Saying, words: string): Saying {
  return {
    event: event.kind === "report" ? { ...event, outcome: "rejected" } : event,
    execution: notRun("rejected", `the host does not take its result: ${words}`),
    task,
  };
}
