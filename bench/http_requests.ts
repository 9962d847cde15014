/**
 * What is asked of a Git server by HTTP, as it is seen on the line.
 *
 * @module
 */

/**
 * What a request is for (gitprotocol-http).
 *
 * - `fetch`: objects are wanted
 * - `push`: refs are to be moved
 * - `other`: anything else: which refs there are, what the server can do, a request without credentials
 */
export type RequestKind = "fetch" | "push" | "other";

/** Takes the requests of one connection (HTTP/1.1) apart. */
export class RequestReader {
  #text = "";

  /** @param note is told of each request when all of it has passed */
  constructor(private readonly note: (kind: RequestKind) => void) {}

  /** What has been sent next. */
  feed(bytes: Uint8Array): void {
    // Each byte is one character, so that lengths are right whatever is sent.
    this.#text += AS_CHARACTERS.decode(bytes);
    for (let end = endOfFirst(this.#text); end !== undefined; end = endOfFirst(this.#text)) {
      this.note(kindOf(this.#text.slice(0, end)));
      this.#text = this.#text.slice(end);
    }
  }
}

const AS_CHARACTERS = new TextDecoder("windows-1252");
const HEAD_END = "\r\n\r\n";

/** Where the first request ends; undefined where it has not been sent to its end. */
function endOfFirst(text: string): number | undefined {
  const headEnd = text.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const body = headEnd + HEAD_END.length;
  const head = text.slice(0, body);
  if (/^transfer-encoding: *chunked/im.test(head)) return endOfChunks(text, body);
  const end = body + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  return end <= text.length ? end : undefined;
}

/** Chunks are a length in hex, a line end, so many bytes and a line end; the last is empty. */
function endOfChunks(text: string, start: number): number | undefined {
  for (let at = start;;) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const length = parseInt(text.slice(at, lineEnd), 16);
    at = lineEnd + 2 + length + 2;
    if (at > text.length) return undefined;
    if (length === 0) return at;
  }
}

function kindOf(request: string): RequestKind {
  if (/^POST \S*\/git-receive-pack /.test(request)) return "push";
  // The newer protocol lists refs by the same path.
  const isFetch = /^POST \S*\/git-upload-pack /.test(request) && !/command=ls-refs/.test(request);
  return isFetch ? "fetch" : "other";
}
