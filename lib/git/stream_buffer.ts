/** So many bytes go into a pipe at once: a few system calls for thousands of small files. */
const BUFFER_BYTES = 256 * 1024;
/** So many characters of text are made bytes at once. */
const TEXT_LENGTH = 16 * 1024;

/**
 * Gathers small pieces of text and bytes into large writes. Nobody may write past it.
 */
export class StreamBuffer {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #encoder = new TextEncoder();
  #buffer = new Uint8Array(BUFFER_BYTES);
  #length = 0;
  /** Stands behind what is in the buffer. */
  #text = "";

  constructor(stream: WritableStream<Uint8Array>) {
    this.#writer = stream.getWriter();
  }

  /** Whether so much is gathered that it should be flushed before more is added. */
  get isFull(): boolean {
    return this.#length >= BUFFER_BYTES / 2;
  }

  /** Adds a piece; it is copied, so what it was made of may change afterwards. */
  add(piece: string | Uint8Array): void {
    if (typeof piece === "string") {
      this.#text += piece;
      if (this.#text.length >= TEXT_LENGTH) this.#encode();
      return;
    }
    this.#encode();
    this.#makeRoom(piece.length);
    this.#buffer.set(piece, this.#length);
    this.#length += piece.length;
  }

  /** Hands on what was gathered; waits until the reader has room for it. */
  async flush(): Promise<void> {
    this.#encode();
    if (this.#length === 0) return;
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    // The same memory is filled again only once the stream has taken it, and so is waited for.
    await this.#writer.write(bytes);
    if (this.#buffer.length > BUFFER_BYTES) this.#buffer = new Uint8Array(BUFFER_BYTES);
  }

  /** Ends the stream, after what is still here. */
  async close(): Promise<void> {
    await this.flush();
    await this.#writer.close();
  }

  /** Ends the stream without what is still here. */
  async abort(): Promise<void> {
    await this.#writer.abort();
  }

  /** Many small texts in one go. */
  #encode(): void {
    if (this.#text === "") return;
    // A character of a string takes at most 3 bytes of UTF-8.
    this.#makeRoom(this.#text.length * 3);
    const free = this.#buffer.subarray(this.#length);
    this.#length += this.#encoder.encodeInto(this.#text, free).written;
    this.#text = "";
  }

  #makeRoom(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length + more));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
