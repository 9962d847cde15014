import { deepStrictEqual as same } from "node:assert/strict";
import { type RequestKind, RequestReader } from "../../bench/http_requests.ts";

/** The kinds of requests, each sent in pieces of so many bytes. */
function kindsOf(text: string, pieceBytes = Infinity): RequestKind[] {
  const kinds: RequestKind[] = [];
  const reader = new RequestReader((kind) => kinds.push(kind));
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    reader.feed(bytes.subarray(at, at + pieceBytes));
  }
  return kinds;
}

function get(path: string): string {
  return `GET /a.git/${path} HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n`;
}

function post(service: string, body: string): string {
  return `POST /a.git/${service} HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

const LIST = get("info/refs?service=git-upload-pack");
const LS_REFS = post("git-upload-pack", "0014command=ls-refs\n0000");
const FETCH = post("git-upload-pack", "0012command=fetch\xff\r\n\r\n0000");
const CHUNKED = "POST /a.git/git-receive-pack HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" +
  "5\r\n\r\n\r\nP\r\n1a\r\nOST /a.git/git-upload-pack\r\n0\r\n\r\n";

Deno.test("RequestReader tells fetches and pushes from all else", () => {
  same(kindsOf(LIST), ["other"]);
  same(kindsOf(get("info/refs?service=git-receive-pack")), ["other"]);
  same(kindsOf(LS_REFS), ["other"]);
  same(kindsOf(FETCH), ["fetch"]);
  same(kindsOf(post("git-receive-pack", "0000")), ["push"]);
});

Deno.test("RequestReader finds each request of a connection, whatever the pieces", () => {
  const all = LIST + FETCH + CHUNKED + LS_REFS + post("git-receive-pack", "") + FETCH;
  for (const pieceBytes of [1, 7, 64, Infinity]) {
    same(kindsOf(all, pieceBytes), ["other", "fetch", "push", "other", "push", "fetch"]);
  }
});

Deno.test("RequestReader counts a request when all of it has passed", () => {
  same(kindsOf(FETCH.slice(0, -1)), []);
  same(kindsOf(CHUNKED.slice(0, -1)), []);
  same(kindsOf(LIST.slice(0, -1)), []);
});
