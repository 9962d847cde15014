/** Reads a byte stream as lines and as blocks of known length, as Git's batch commands answer. */
export class LineReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #buffer: Uint8Array = new Uint8Array(0);

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** The next line without its end, or undefined when the stream is over. */
  async line(): Promise<string | undefined> {
    let from = 0;
    for (;;) {
      const end = this.#buffer.indexOf(10, from);
      if (end >= 0) {
        const line = new TextDecoder().decode(this.#take(end));
        this.#take(1);
        return line;
      }
      from = this.#buffer.length;
      if (!await this.#more()) return undefined;
    }
  }

  /** Exactly `length` bytes. */
  async bytes(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.#buffer.length === 0 && !await this.#more()) {
        throw new Error(`reading ${length} bytes: the stream ended ${missing} bytes early`);
      }
      const part = this.#take(Math.min(missing, this.#buffer.length));
      parts.push(part);
      missing -= part.length;
    }
    return parts.length === 1
      ? parts[0]
      : new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
  }

  /** Lets the stream go without reading the rest. */
  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }

  #take(length: number): Uint8Array {
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#reader.read();
    if (done) return false;
    const joined = new Uint8Array(this.#buffer.length + value.length);
    joined.set(this.#buffer);
    joined.set(value, this.#buffer.length);
    this.#buffer = joined;
    return true;
  }
}
