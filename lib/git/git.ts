/**
 * The one place that starts Git.
 *
 * @module
 */
import { run, type RunOptions, type RunResult, start } from "../process.ts";
import { gitEnvironment } from "./git_environment.ts";
import { gitErrorOf } from "./git_error.ts";

/** No Git command may take longer than this; a first fetch over a slow line is the longest. */
const TIME_LIMIT_MS = 300_000;

type GitOptions = Pick<RunOptions, "stdin" | "signal" | "timeoutMs">;

/** Git on one bare repository, under a pinned environment. */
export class Git {
  readonly #environment: Record<string, string>;

  /**
   * @param folder the bare repository
   * @param host our own environment, of which Git gets a chosen part
   * @param extra more variables for Git
   */
  constructor(
    readonly folder: string,
    private readonly host: Record<string, string>,
    extra: Record<string, string> = {},
  ) {
    this.#environment = { ...gitEnvironment(host), ...extra };
  }

  /** The same Git elsewhere. */
  at(folder: string, extra: Record<string, string> = {}): Git {
    return new Git(folder, this.host, extra);
  }

  /**
   * Runs a command to its end, whatever its exit code.
   *
   * @throws {ProgramMissing} when Git is not installed
   */
  try(args: string[], options: GitOptions = {}): Promise<RunResult> {
    return run(this.#command(args), {
      timeoutMs: TIME_LIMIT_MS,
      ...options,
      env: this.#environment,
    });
  }

  /**
   * Runs a command that must succeed and gives what it wrote.
   *
   * @param action what is being done, for the error message
   * @throws {GitError} when it fails
   */
  async run(action: string, args: string[], options: GitOptions = {}): Promise<Uint8Array> {
    const result = await this.try(args, options);
    if (result.code !== 0) throw gitErrorOf(action, result);
    return result.stdout.bytes;
  }

  /** Starts a command that stays and is spoken to. */
  start(args: string[]): Deno.ChildProcess {
    return start(this.#command(args), { env: this.#environment });
  }

  #command(args: string[]): string[] {
    return ["git", `--git-dir=${this.folder}`, ...args];
  }
}
