/**
 * A worker as a process of its own, which ends with the demo whatever happens.
 *
 * @module
 */
import { systemClock } from "../../clock.ts";
import { start } from "../../process.ts";
import { inOneLine } from "../printable.ts";

/** How long a worker may take to say goodbye before it is killed. */
const GOODBYE_MS = 5_000;

export class WorkerProcess implements AsyncDisposable {
  /** Done when the worker has ended and its log is complete. */
  readonly ended: Promise<Deno.CommandStatus>;
  /** Whether it ended with anything but success. */
  hasFailed = false;
  #isRunning = true;
  readonly #child: Deno.ChildProcess;

  /**
   * @param command the program and its arguments
   * @param logPath gets everything that it prints
   */
  constructor(
    readonly nodeId: string,
    command: string[],
    private readonly options: { env: Record<string, string>; logPath: string },
  ) {
    // `sh` is among the programs that we may start, and becomes the worker.
    const shell = ["sh", "-c", 'exec "$@"', "sh", ...command];
    this.#child = start(shell, { env: options.env, ownGroup: true });
    this.ended = this.#follow();
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** The last lines of its log, for a message. */
  async lastWords(): Promise<string> {
    const lines = (await Deno.readTextFile(this.options.logPath)).trim().split("\n");
    return lines.slice(-3).map(inOneLine).join("; ");
  }

  /** Stops it; politely at first. */
  async stop(hurry?: AbortSignal): Promise<void> {
    if (!this.#isRunning) return;
    const over = new AbortController();
    this.#child.kill("SIGTERM");
    const waited = systemClock.wait(
      GOODBYE_MS,
      hurry ? AbortSignal.any([hurry, over.signal]) : over.signal,
    );
    await Promise.race([this.ended, waited]);
    over.abort();
    if (this.#isRunning) this.#child.kill("SIGKILL");
    await this.ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #follow(): Promise<Deno.CommandStatus> {
    const append = async (stream: ReadableStream<Uint8Array>) => {
      const log = await Deno.open(this.options.logPath, { append: true, create: true });
      await stream.pipeTo(log.writable);
    };
    const { stdin, stdout, stderr } = this.#child;
    const logged = Promise.all([stdin.close(), append(stdout), append(stderr)]);
    const status = await this.#child.status;
    this.#isRunning = false;
    this.hasFailed = !status.success;
    await logged;
    return status;
  }
}
