/**
 * Where the program writes: results to standard output, everything else to standard error.
 *
 * @module
 */
import { stripControls } from "./printable.ts";

/** How text can be marked, as the numbers that terminals know. */
const MARKS = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Mark = keyof typeof MARKS;

export class Terminal {
  /** Whether results go to a person's screen. */
  readonly isScreen = Deno.stdout.isTerminal();
  /** Whether what is said besides can be drawn over. */
  readonly isLive = Deno.stderr.isTerminal();
  readonly #colours: boolean;

  /** @param env our environment; `NO_COLOR` in it, if not empty, forbids colour */
  constructor(env: Record<string, string>) {
    this.#colours = this.isScreen && !env.NO_COLOR;
  }

  /** How many characters fit into a line of a result; undefined where there is no limit. */
  get columns(): number | undefined {
    return this.isScreen ? screenColumns() : undefined;
  }

  /** How many characters fit into a line that is drawn. */
  get liveColumns(): number | undefined {
    return this.isLive ? screenColumns() : undefined;
  }

  /** Prints a line of a result. */
  print(line: string): void {
    writeAll(Deno.stdout, line + "\n");
  }

  /** Prints text as it is; on a screen without what could take the screen over. */
  printRaw(text: string): void {
    writeAll(Deno.stdout, this.isScreen ? stripControls(text) : text);
  }

  /** Prints a result for a program. */
  printJson(value: unknown): void {
    this.print(JSON.stringify(value, null, 2));
  }

  /** Says something that is not the result. */
  tell(line: string): void {
    say(line + "\n");
  }

  /** Says text that is not the result, as it is; on a screen without what could take it over. */
  tellRaw(text: string): void {
    say(this.isLive ? stripControls(text) : text);
  }

  /** Draws over a live screen, with the sequences that move the cursor. */
  draw(sequences: string): void {
    say(sequences);
  }

  /** Marks a text where there is colour. */
  marked(text: string, mark: Mark): string {
    return this.#colours ? `\x1b[${MARKS[mark]}m${text}\x1b[0m` : text;
  }
}

/** Some terminals do not know their size. */
function screenColumns(): number | undefined {
  return Deno.consoleSize().columns || undefined;
}

/** Nobody reads our standard output any longer, as after `dgrid list | head`. */
export class NobodyReads extends Error {
  override name = "NobodyReads";
}

/** What nobody reads any longer is no reason to stop: a worker goes on without its log. */
function say(text: string): void {
  try {
    writeAll(Deno.stderr, text);
  } catch (error) {
    if (!(error instanceof NobodyReads)) throw error;
  }
}

/** How long to wait for a reader that is slower than we are. */
const FULL_PIPE_MS = 5;
const PIPE_BUF = 4096;

/** Writes all of a text, also to a pipe that somebody else has made non-blocking. */
export function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(writeSome(stream, portionOf(bytes)));
}

/**
 * What a pipe takes whole or not at all, up to the end of a line: Deno keeps the rest of a line back
 * and, when the pipe is full by then, does not say how much it has written.
 */
function portionOf(bytes: Uint8Array): Uint8Array {
  const portion = bytes.subarray(0, PIPE_BUF);
  return portion.subarray(0, portion.lastIndexOf(0x0a) + 1 || portion.length);
}

/** @returns how many bytes were written; none where the pipe is full */
function writeSome(stream: Parameters<typeof writeAll>[0], bytes: Uint8Array): number {
  try {
    return stream.writeSync(bytes);
  } catch (error) {
    if (error instanceof Deno.errors.WouldBlock) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_MS);
      return 0;
    }
    if (error instanceof Deno.errors.BrokenPipe) throw new NobodyReads("nobody reads the output");
    throw error;
  }
}
