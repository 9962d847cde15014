/** Where a push is cut: what travels in a direction, and how many bytes of it still get through. */
export interface PushCut {
  /**
   * `up`: the push itself, so that it has no effect. `answer`: what the server says once it has the
   * push, so that it took effect and nobody knows.
   */
  what: "up" | "answer";
  afterBytes: number;
}

/** What a push is asked by, in the first packet of a connection (gitprotocol-pack, "Git Transport"). */
const PUSH = /^[0-9a-f]{4}git-receive-pack /;
/** So much of the first packet tells: its length, and `git-receive-pack `. */
export const HEAD_BYTES = 21;

/** Whether a connection that begins so is a push. */
export function isPush(first: Uint8Array): boolean {
  return PUSH.test(new TextDecoder().decode(first.subarray(0, HEAD_BYTES)));
}

/** Watches one push and tells when to cut it. */
export class CutPush {
  #passed = 0;
  #packets = 0;

  constructor(readonly cut: PushCut) {}

  /**
   * What of some bytes may still pass; undefined when all may.
   *
   * @param direction `up` to the server, `down` from it
   */
  allows(direction: "up" | "down", bytes: Uint8Array): Uint8Array | undefined {
    if (direction === "up") this.#packets++;
    if (!this.#concerns(direction)) return undefined;
    const left = this.cut.afterBytes - this.#passed;
    this.#passed += bytes.length;
    return bytes.length > left ? bytes.subarray(0, left) : undefined;
  }

  #concerns(direction: "up" | "down"): boolean {
    if (this.cut.what === "up") return direction === "up" && this.#packets > 1;
    // Before it gets the push, the server lists its refs. That list is not the answer.
    return direction === "down" && this.#packets > 1;
  }
}
