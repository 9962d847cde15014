/** The size of the block that the stream is read through. */
const READ_BYTES = 64 * 1024;

/** Reads a byte stream as lines and as blocks of known length, as Git's batch commands answer. */
export class LineReader {
  readonly #reader: ReadableStreamBYOBReader;
  readonly #decoder = new TextDecoder();
  #buffer: Uint8Array = new Uint8Array(0);
  /** Git writes 4 KiB at a time: a block of its own for each would be garbage for the most part. */
  #block = new Uint8Array(READ_BYTES);
  /** Where in the buffer that begins which nobody has read yet. */
  #at = 0;

  /** @param stream one of bytes, as pipes are */
  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader({ mode: "byob" });
  }

  /** The next line without its end, or undefined when the stream is over. */
  async line(): Promise<string | undefined> {
    let from = this.#at;
    for (;;) {
      const end = this.#buffer.indexOf(10, from);
      if (end >= 0) {
        const line = this.#decoder.decode(this.#buffer.subarray(this.#at, end));
        this.#at = end + 1;
        return line;
      }
      const seen = this.#buffer.length - this.#at;
      if (!await this.#more()) return undefined;
      from = this.#at + seen;
    }
  }

  /** Exactly `length` bytes. They share memory with others, and are not to be written to. */
  async bytes(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.#at === this.#buffer.length && !await this.#more()) {
        throw new Error(`reading ${length} bytes: the stream ended ${missing} bytes early`);
      }
      const part = this.#take(missing);
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

  /** As much as is here, but no more than so many bytes. */
  #take(length: number): Uint8Array {
    const taken = this.#buffer.subarray(this.#at, this.#at + length);
    this.#at += taken.length;
    return taken;
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#reader.read(this.#block);
    if (value !== undefined) this.#block = new Uint8Array(value.buffer);
    if (done) return false;
    const rest = this.#buffer.subarray(this.#at);
    const joined = new Uint8Array(rest.length + value.length);
    joined.set(rest);
    joined.set(value, rest.length);
    this.#buffer = joined;
    this.#at = 0;
    return true;
  }
}
