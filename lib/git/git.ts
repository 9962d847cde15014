/**
 * The one place that starts Git.
 *
 * @module
 */
import { run, type RunOptions, type RunResult, start } from "../process.ts";
import { commandIn, GitCounters } from "./git_counters.ts";
import { gitEnvironment } from "./git_environment.ts";
import { gitErrorOf } from "./git_error.ts";

/** How long a command may take, in milliseconds; whoever runs one that is not local says so. */
export const TIME_LIMITS = {
  /** What works on the local copy alone. */
  local: 60_000,
  /** `ls-remote`: one question, an answer of some kilobytes. Whoever waits for it does nothing else. */
  look: 30_000,
  /** `fetch` and `push`; a first fetch over a slow line is the longest. */
  transfer: 300_000,
  /** `repack`, which reads and writes all that is here. */
  compact: 300_000,
} as const;

type GitOptions = Pick<RunOptions, "stdin" | "signal" | "timeoutMs"> & {
  /** Whether a result is to be counted as a failure; by default one with an exit code above 1. */
  isFailure?: (result: RunResult) => boolean;
};

/** Git on one bare repository, under a pinned environment. */
export class Git {
  readonly #environment: Record<string, string>;

  /**
   * @param folder the bare repository
   * @param host our own environment, of which Git gets a chosen part
   * @param extra more variables for Git
   * @param counters counts what is run
   */
  constructor(
    readonly folder: string,
    private readonly host: Record<string, string>,
    extra: Record<string, string> = {},
    readonly counters: GitCounters = new GitCounters(),
  ) {
    this.#environment = { ...gitEnvironment(host), ...extra };
  }

  /** The same Git elsewhere, counted together. */
  at(folder: string, extra: Record<string, string> = {}): Git {
    return new Git(folder, this.host, extra, this.counters);
  }

  /**
   * Runs a command to its end, whatever its exit code.
   *
   * @param options a signal kills it, and its reason is thrown; the time limit is that of local work
   * where none is given
   * @throws {ProgramMissing} when Git is not installed
   */
  async try(
    args: string[],
    { isFailure = ({ code }) => code > 1, ...options }: GitOptions = {},
  ): Promise<RunResult> {
    const kind = commandIn(args);
    this.counters.noteStart(kind);
    const result = await run(this.#command(args), {
      timeoutMs: TIME_LIMITS.local,
      ...options,
      env: this.#environment,
    });
    this.counters.noteTime(kind, result.durationMs);
    if (isFailure(result)) this.counters.noteFailure(kind);
    return result;
  }

  /**
   * Runs a command that must succeed and gives what it wrote.
   *
   * @param action what is being done, for the error message
   * @throws {GitError} when it fails
   */
  async run(action: string, args: string[], options: GitOptions = {}): Promise<Uint8Array> {
    const isFailure = ({ code }: RunResult) => code !== 0;
    const result = await this.try(args, { isFailure, ...options });
    if (result.code !== 0) throw gitErrorOf(action, result);
    return result.stdout.bytes;
  }

  /** Starts a command that stays and is spoken to. */
  start(args: string[]): Deno.ChildProcess {
    const kind = commandIn(args);
    this.counters.noteStart(kind);
    const child = start(this.#command(args), { env: this.#environment });
    child.status.then(({ code }) => code !== 0 && this.counters.noteFailure(kind));
    return child;
  }

  #command(args: string[]): string[] {
    return ["git", `--git-dir=${this.folder}`, ...args];
  }
}
