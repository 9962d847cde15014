/**
 * Reads the contents of files by their ids.
 *
 * @module
 */

/** Contents by their ids, as text. */
export async function readBlobs(repo: string, ids: string[]): Promise<Map<string, string>> {
  const child = new Deno.Command("git", {
    args: ["-C", repo, "cat-file", "--batch"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const [{ stdout }] = await Promise.all([child.output(), write(child.stdin, [...new Set(ids)])]);
  return parseBatch(stdout);
}

async function write(stdin: WritableStream<Uint8Array>, lines: string[]): Promise<void> {
  const writer = stdin.getWriter();
  await writer.write(new TextEncoder().encode(lines.map((line) => line + "\n").join("")));
  await writer.close();
}

/** `<id> blob <size> LF <content> LF`, again and again (git-cat-file, "BATCH OUTPUT"). */
function parseBatch(bytes: Uint8Array): Map<string, string> {
  const text = new TextDecoder();
  const contents = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0x0a, at);
    const head = text.decode(bytes.subarray(at, end));
    const [id, kind, size] = head.split(" ");
    if (kind !== "blob") throw new Error(`reading ${id}: ${head}`);
    const begin = end + 1;
    contents.set(id, text.decode(bytes.subarray(begin, begin + Number(size))));
    at = begin + Number(size) + 1;
  }
  return contents;
}
