import { deepStrictEqual as same, equal, rejects } from "node:assert/strict";
import fc from "fast-check";
import { LineReader } from "../../lib/git/line_reader.ts";
import { bytes } from "./workshop.ts";

/** A stream of bytes, as pipes are. */
function streamOf(...parts: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const wanted = parts.map((part) => typeof part === "string" ? bytes(part) : part)
    .filter(({ length }) => length > 0);
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const part = wanted.shift();
      if (part !== undefined) return controller.enqueue(part.slice());
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
}

async function linesOf(reader: LineReader): Promise<string[]> {
  const lines: string[] = [];
  for (let line = await reader.line(); line !== undefined; line = await reader.line()) {
    lines.push(line);
  }
  return lines;
}

Deno.test("LineReader reads lines that come in one part, in several, and empty ones", async () => {
  same(await linesOf(new LineReader(streamOf("a\n\nb", "c", "\nd\n"))), ["a", "", "bc", "d"]);
});

Deno.test("LineReader drops a last line that has no end", async () => {
  same(await linesOf(new LineReader(streamOf("a\nb"))), ["a"]);
  same(await linesOf(new LineReader(streamOf())), []);
});

Deno.test("LineReader reads a character that two parts share", async () => {
  const [first, second] = bytes("é");
  same(await linesOf(new LineReader(streamOf(Uint8Array.of(first), Uint8Array.of(second, 10)))), [
    "é",
  ]);
});

Deno.test("LineReader reads blocks between lines, with line ends in them", async () => {
  const reader = new LineReader(streamOf("4\nx\n", "\ny\n0\n\nend\n"));
  equal(await reader.line(), "4");
  same(await reader.bytes(4), bytes("x\n\ny"));
  same(await reader.bytes(1), bytes("\n"));
  equal(await reader.line(), "0");
  same(await reader.bytes(0), new Uint8Array(0));
  equal(await reader.line(), "");
  equal(await reader.line(), "end");
});

Deno.test("LineReader.bytes() tells that the stream ended early", async () => {
  await rejects(new LineReader(streamOf("ab", "c")).bytes(5), {
    message: "reading 5 bytes: the stream ended 2 bytes early",
  });
});

Deno.test("LineReader.cancel() lets the stream go", async () => {
  let let_go = false;
  const reader = new LineReader(
    new ReadableStream({ type: "bytes", cancel: () => void (let_go = true) }),
  );
  await reader.cancel();
  equal(let_go, true);
  equal(await reader.line(), undefined);
});

/** Cuts bytes at some places. */
function cut(whole: Uint8Array, places: number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (whole.length + 1)), whole.length];
  const sorted = ends.toSorted((a, b) => a - b);
  return sorted.map((end, index) => whole.subarray(index === 0 ? 0 : sorted[index - 1], end));
}

Deno.test("LineReader reads the same however the stream is cut", async () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
  const places = fc.array(fc.nat(), { maxLength: 20 });
  await fc.assert(fc.asyncProperty(bodies, places, async (wanted, at) => {
    const text = wanted.flatMap((body) => [...bytes(`é${body.length}\n`), ...body, 10]);
    const reader = new LineReader(streamOf(...cut(Uint8Array.from(text), at)));
    for (const body of wanted) {
      equal(await reader.line(), `é${body.length}`);
      same(await reader.bytes(body.length), body);
      same(await reader.bytes(1), Uint8Array.of(10));
    }
    equal(await reader.line(), undefined);
  }));
});
