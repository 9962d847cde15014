/**
 * What a node says, over all its lives, in memory and in a file.
 *
 * @module
 */

export class NodeLog implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #file: Deno.FsFile;
  readonly #waiting = new Set<() => void>();

  constructor(readonly path: string) {
    this.#file = Deno.openSync(path, { append: true, create: true });
  }

  /** Takes in what a process prints, to its end. */
  async follow(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>;
    let rest = "";
    for await (const part of stream.pipeThrough(decoder)) {
      const lines = (rest + part).split("\n");
      rest = lines.pop()!;
      lines.forEach((line) => this.note(line));
    }
    if (rest !== "") this.note(rest);
  }

  /** Adds a line. */
  note(line: string): void {
    this.lines.push(line);
    this.#file.writeSync(new TextEncoder().encode(line + "\n"));
    for (const look of this.#waiting) look();
  }

  /** How many lines match. */
  count(pattern: RegExp): number {
    return this.lines.filter((line) => pattern.test(line)).length;
  }

  /**
   * Waits for a line.
   *
   * @param from the number of the first line to look at
   * @throws when it does not come in time
   */
  async until(pattern: RegExp, { from = 0, withinMs = 60_000 } = {}): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
    const look = () => {
      const line = this.lines.slice(from).find((line) => pattern.test(line));
      if (line !== undefined) resolve(pattern.exec(line)!);
    };
    const timer = setTimeout(() => {
      reject(new Error(`waiting for ${pattern} in ${this.path}: it did not come:\n${this.tail()}`));
    }, withinMs);
    this.#waiting.add(look);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(look);
    }
  }

  /** The last lines, for a message. */
  tail(count = 10): string {
    return this.lines.slice(-count).join("\n");
  }

  // deno-lint-ignore require-await -- a scope that waits for others disposes of it
  async [Symbol.asyncDispose](): Promise<void> {
    this.#file.close();
  }
}
