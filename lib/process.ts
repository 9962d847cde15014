/**
 * The one place that starts other programs and waits for them: no inherited environment, a time
 * limit, bounded output.
 *
 * @module
 */

export interface RunOptions {
  /** What the program reads on its standard input; nothing where absent. */
  stdin?: Uint8Array;
  /** The whole environment of the program; empty where absent. */
  env?: Record<string, string>;
  cwd?: string;
  /** After this long the program is killed. */
  timeoutMs?: number;
  /** Kills the program; `run` then throws the signal's reason. */
  signal?: AbortSignal;
  /** How many bytes of each stream are kept; the rest is read and dropped. Default: 64 MiB. */
  outputLimitBytes?: number;
  /** Reads standard output in place of {@link capture}. */
  captureStdout?: typeof capture;
  /**
   * Starts the program as the leader of a process group of its own: a Ctrl-C at the terminal does
   * not reach it, and whatever is left of the group when it has ended is killed.
   */
  ownGroup?: boolean;
  /**
   * The program's word that nothing of its group is left when it ends by itself: then the group is
   * killed only after the program was. To kill a group takes another program.
   */
  leavesNothing?: boolean;
}

export interface RunResult {
  code: number;
  signal: Deno.Signal | null;
  stdout: Captured;
  stderr: Captured;
  timedOut: boolean;
  durationMs: number;
}

/** What was kept of a stream. */
export interface Captured {
  bytes: Uint8Array;
  /** Whether there was more. */
  truncated: boolean;
}

const DEFAULT_OUTPUT_LIMIT = 64 * 1024 * 1024;
const READ_BYTES = 64 * 1024;

/**
 * Runs a program to its end.
 *
 * @throws {ProgramMissing} when there is no such program, or it may not be started
 */
export async function run(command: string[], options: RunOptions = {}): Promise<RunResult> {
  const { signal, outputLimitBytes = DEFAULT_OUTPUT_LIMIT, captureStdout = capture } = options;
  signal?.throwIfAborted();
  const began = performance.now();
  const child = start(command, options);
  const killer = new Killer(child, options);
  try {
    const [status, stdout, stderr] = await Promise.all([
      child.status,
      captureStdout(child.stdout, outputLimitBytes, killer.ended),
      capture(child.stderr, outputLimitBytes, killer.ended),
      feed(child.stdin, options.stdin, killer.ended),
    ]);
    signal?.throwIfAborted();
    const { code, signal: endedBy } = status;
    const durationMs = performance.now() - began;
    return { code, signal: endedBy, stdout, stderr, timedOut: killer.timedOut, durationMs };
  } finally {
    await killer.dispose();
  }
}

/** A program that is not installed, or that this process may not start. */
export class ProgramMissing extends Error {
  override name = "ProgramMissing";
}

/** Starts a program with all three streams piped and nothing of our environment. */
export function start(
  [program, ...args]: string[],
  { env, cwd, ownGroup }: Pick<RunOptions, "env" | "cwd" | "ownGroup"> = {},
): Deno.ChildProcess {
  try {
    return new Deno.Command(program, {
      args,
      env,
      cwd,
      clearEnv: true,
      detached: ownGroup,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    throw new ProgramMissing(`starting ${program}: ${whyNotStarted(error, cwd)}`);
  }
}

function whyNotStarted(error: unknown, cwd?: string): string {
  if (!(error instanceof Deno.errors.NotFound)) return String(error);
  // Deno has one error for both; only its words differ.
  return /\bcwd\b/.test(error.message) ? `there is no folder ${cwd}` : "it is not installed";
}

/** Kills a child when its time is over or its signal fires, and tells when it is gone. */
class Killer {
  timedOut = false;
  /** Aborted when a killed child has ended, so that a pipe held by a grandchild is let go. */
  readonly ended: AbortSignal;
  readonly #timer?: ReturnType<typeof setTimeout>;
  readonly #unlisten: () => void;
  /** The group to kill in the end. */
  #group?: number;

  constructor(
    child: Deno.ChildProcess,
    { ownGroup, leavesNothing, signal, timeoutMs }: RunOptions,
  ) {
    const ended = new AbortController();
    this.ended = ended.signal;
    if (ownGroup && !leavesNothing) this.#group = child.pid;
    const kill = () => {
      if (ownGroup) this.#group = child.pid;
      killQuietly(child);
      child.status.then(() => ended.abort());
    };
    signal?.addEventListener("abort", kill);
    this.#unlisten = () => signal?.removeEventListener("abort", kill);
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => {
        this.timedOut = true;
        kill();
      }, timeoutMs);
    }
  }

  async dispose(): Promise<void> {
    clearTimeout(this.#timer);
    this.#unlisten();
    if (this.#group !== undefined) await killGroup(this.#group);
  }
}

/** Kills a child that may have ended already. */
export function killQuietly(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // The only thing that can be wrong: it has ended between our decision and the call.
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Kills what is left of a process group. By `sh`, as `Deno.kill` needs leave to run everything. */
async function killGroup(id: number): Promise<void> {
  const args = ["-c", 'kill -KILL "-$1"', "sh", String(id)];
  const options = { args, clearEnv: true, stdin: "null", stdout: "null", stderr: "null" } as const;
  // It fails where nothing is left, which is the usual case.
  await new Deno.Command("sh", options).output();
}

/** Reads a stream to its end and keeps its first `limit` bytes. */
export async function capture(
  stream: ReadableStream<Uint8Array>,
  limit: number,
  signal?: AbortSignal,
): Promise<Captured> {
  const kept: Uint8Array[] = [];
  let size = 0;
  let total = 0;
  await drain(stream, (part) => {
    total += part.length;
    const wanted = part.slice(0, limit - size);
    if (wanted.length > 0) kept.push(wanted);
    size += wanted.length;
  }, signal);
  return { bytes: joined(kept, size), truncated: total > size };
}

/**
 * Reads a stream of bytes to its end. All of it goes through one buffer, so that a program that
 * prints gigabytes leaves no garbage.
 *
 * @param take gets each part, and must copy what it wants to keep
 * @param signal ends the reading as if the stream had ended
 */
export async function drain(
  stream: ReadableStream<Uint8Array>,
  take: (part: Uint8Array) => void,
  signal?: AbortSignal,
): Promise<void> {
  const reader = stream.getReader({ mode: "byob" });
  const cancel = () => void reader.cancel();
  signal?.addEventListener("abort", cancel);
  try {
    let next = await reader.read(new Uint8Array(READ_BYTES));
    while (!next.done) {
      take(next.value);
      next = await reader.read(new Uint8Array(next.value.buffer));
    }
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

function joined(parts: Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function feed(
  stdin: WritableStream<Uint8Array>,
  bytes: Uint8Array | undefined,
  killed: AbortSignal,
): Promise<void> {
  const writer = stdin.getWriter();
  const written = (async () => {
    if (bytes !== undefined) await writer.write(bytes);
    await writer.close();
  })().catch((error) => {
    // A program may end without reading all of its input; its exit code tells whether that is bad.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  });
  // A grandchild can hold the pipe of a killed program and never read it.
  await Promise.race([written, aborted(killed)]);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

/** Bytes as text for people: invalid UTF-8 becomes U+FFFD, a character cut in half is dropped. */
export function textOf({ bytes, truncated }: Captured): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes, { stream: truncated });
}
