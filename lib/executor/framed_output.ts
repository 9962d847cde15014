/**
 * A sandbox's standard output: what the module prints, and one frame of ours between or behind it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type Captured, drain } from "../process.ts";
import type { SandboxFrame } from "./sandbox_bootstrap.ts";

/** Room for a frame beside the output in it: two marks, the braces, a reason. */
const FRAME_OVERHEAD = 8 * 1024;

/** Reads such a stream: keeps its first bytes, and enough of its last ones to find the frame. */
export class FramedOutput {
  readonly #mark: Uint8Array;
  readonly #outputLimitBytes: number;
  readonly #tailLimit: number;
  /** Twice as large as the tail, so that what is older is dropped now and then and not each time. */
  readonly #buffer: Uint8Array;
  #used = 0;
  #total = 0;

  /**
   * @param nonce begins and ends the frame
   * @param outputLimitBytes how large the output in the frame may be
   */
  constructor(nonce: string, outputLimitBytes: number) {
    this.#mark = new TextEncoder().encode(nonce);
    this.#outputLimitBytes = outputLimitBytes;
    this.#tailLimit = outputLimitBytes + FRAME_OVERHEAD;
    this.#buffer = new Uint8Array(2 * this.#tailLimit);
  }

  /** Reads the stream to its end and gives what the module has printed, cut at `limit` bytes. */
  async capture(
    stream: ReadableStream<Uint8Array>,
    limit: number,
    signal?: AbortSignal,
  ): Promise<Captured> {
    const head: Uint8Array[] = [];
    await drain(stream, (part) => {
      if (this.#total < limit) head.push(part.slice(0, limit - this.#total));
      this.#push(part);
    }, signal);
    return this.#printed(concat(head), limit);
  }

  /**
   * The frame, or undefined where the process ended without one. A module can write whatever it likes
   * in the place of ours, so it is one only if it has the form.
   */
  get frame(): SandboxFrame | undefined {
    const begin = indexOf(this.#tail, this.#mark);
    if (begin === -1) return undefined;
    const inner = this.#tail.subarray(begin + this.#mark.length);
    const end = indexOf(inner, this.#mark);
    return end === -1 ? undefined : readFrame(inner.subarray(0, end), this.#outputLimitBytes);
  }

  #push(part: Uint8Array): void {
    this.#total += part.length;
    const added = part.subarray(-this.#tailLimit);
    const skipped = added.length < part.length;
    if (skipped || this.#used + added.length > this.#buffer.length) {
      this.#keepLast(this.#tailLimit - added.length);
    }
    this.#buffer.set(added, this.#used);
    this.#used += added.length;
  }

  #keepLast(count: number): void {
    this.#buffer.copyWithin(0, this.#used - Math.min(count, this.#used), this.#used);
    this.#used = Math.min(count, this.#used);
  }

  get #tail(): Uint8Array {
    return this.#buffer.subarray(0, this.#used);
  }

  #printed(head: Uint8Array, limit: number): Captured {
    const begin = indexOf(this.#tail, this.#mark);
    const printed = begin === -1 ? this.#total : this.#total - this.#tail.length + begin;
    return { bytes: head.subarray(0, printed), truncated: printed > limit };
  }
}

const EMPTY_FRAME_BYTES = '{"ok":true,"output":}'.length;
const MAX_REASON = 500;

function readFrame(bytes: Uint8Array, outputLimitBytes: number): SandboxFrame | undefined {
  let frame: { ok?: unknown; reason?: unknown; output?: unknown } | null;
  try {
    frame = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  if (frame?.ok === false && typeof frame.reason === "string") {
    return { ok: false, reason: frame.reason.slice(0, MAX_REASON) };
  }
  if (frame?.ok !== true) return undefined;
  const size = bytes.length - EMPTY_FRAME_BYTES;
  if (size > outputLimitBytes) return { ok: false, reason: outputTooLarge(size, outputLimitBytes) };
  return "output" in frame ? { ok: true, output: frame.output } : { ok: true };
}

function outputTooLarge(size: number, limit: number): string {
  return `RangeError: its output has ${size} bytes of JSON; output_limit_bytes is ${limit}`;
}

function concat(parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function indexOf(bytes: Uint8Array, mark: Uint8Array): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(mark);
}
