/**
 * What Git was asked to do, how it went, and what went over the line. Only numbers are kept, so
 * counting costs next to nothing.
 *
 * @module
 */

/** Commands of one kind. */
export interface OperationCounts {
  /** How many were started. */
  count: number;
  /** How many of them failed. A push that was answered with a refusal did not. */
  failed: number;
  /** How long they took; of those that stay and are spoken to, how long was waited for answers. */
  ms: number;
}

/** All that is counted, as a record for programs. */
export interface GitCounts {
  /** By Git's name for the command. */
  operations: Record<string, OperationCounts>;
  /** How often something was asked again, because nobody had answered or the answer broke off. */
  retries: number;
  /** What became of each ref in an answered push. */
  refs: Record<RefFate, number>;
  /** Answered pushes of which at least one ref was not moved. */
  refused_pushes: number;
  bytes: ByteCounts;
}

/** `lost`: somebody else was faster. `refused`: the host does not allow it, whatever the ref names. */
export type RefFate = "moved" | "lost" | "refused";

/** Bytes of contents, without what the protocol, the compression of a line, and TLS or ssh put around. */
export interface ByteCounts {
  /** Packs that pushes have sent, as Git's own meter shows them: exact below 1 KiB, then `8.73 KiB`. */
  sent: number;
  /** Packs that fetches have brought, also those that broke off. */
  received: number;
  /** Lists of refs, as `git ls-remote` prints them. */
  listed: number;
}

/** One for each process that works with a grid; it does not reset. */
export class GitCounters {
  readonly bytes: ByteCounts = { sent: 0, received: 0, listed: 0 };
  readonly #operations = new Map<string, OperationCounts>();
  readonly #refs: GitCounts["refs"] = { moved: 0, lost: 0, refused: 0 };
  #retries = 0;
  #refusedPushes = 0;

  /** Notes a command that has begun. */
  noteStart(kind: string): void {
    this.#of(kind).count++;
  }

  /** Notes that a command has failed. */
  noteFailure(kind: string): void {
    this.#of(kind).failed++;
  }

  /** Notes how long a command has taken, or one answer of a command that stays. */
  noteTime(kind: string, milliseconds: number): void {
    this.#of(kind).ms += milliseconds;
  }

  noteRetry(): void {
    this.#retries++;
  }

  /** Notes what became of the refs in a push that was answered. */
  noteAnswered(fates: RefFate[]): void {
    for (const fate of fates) this.#refs[fate]++;
    if (fates.some((fate) => fate !== "moved")) this.#refusedPushes++;
  }

  /** Everything up to now; times in whole milliseconds. */
  snapshot(): GitCounts {
    const operations = [...this.#operations].sort(([a], [b]) => a < b ? -1 : 1)
      .map(([kind, counts]) => [kind, { ...counts, ms: Math.round(counts.ms) }]);
    return {
      operations: Object.fromEntries(operations),
      retries: this.#retries,
      refs: { ...this.#refs },
      refused_pushes: this.#refusedPushes,
      bytes: { ...this.bytes },
    };
  }

  #of(kind: string): OperationCounts {
    const known = this.#operations.get(kind);
    if (known !== undefined) return known;
    const counts = { count: 0, failed: 0, ms: 0 };
    this.#operations.set(kind, counts);
    return counts;
  }
}

/** Git's name for what a command line does: `-c key=value` and flags may stand before it. */
export function commandIn(args: string[]): string {
  const isCommand = (arg: string, at: number) => !arg.startsWith("-") && args[at - 1] !== "-c";
  return args.find(isCommand) ?? "none";
}
