import { deepStrictEqual as same, equal, match } from "node:assert/strict";
import { FramedOutput } from "../../lib/executor/framed_output.ts";
import { endOf, runModule, success } from "./sandbox_fixture.ts";

/** What is read of a stream that a module has written this frame to. */
async function frameOf(text: string, limit = 100) {
  const output = new FramedOutput("NONCE", limit);
  const bytes = new TextEncoder().encode(`before NONCE${text}NONCE after`);
  const stream = new ReadableStream<Uint8Array>({
    type: "bytes",
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
  await output.capture(stream, limit);
  return output.frame;
}

const forged = [
  "null",
  "7",
  "[]",
  "{}",
  '{"ok":1}',
  '{"ok":false}',
  '{"ok":false,"reason":{"a":1}}',
  `{"ok":false,"reason":${"[".repeat(9_000)}${"]".repeat(9_000)}}`,
  "not JSON",
];

for (const text of forged) {
  Deno.test(`a frame is none, when it is ${text.slice(0, 30)}`, async () => {
    equal(await frameOf(text, 20_000), undefined);
  });
}

Deno.test("a frame's reason is cut, and its output held to the limit by the parent too", async () => {
  const long = await frameOf(JSON.stringify({ ok: false, reason: "x".repeat(2_000) }));
  equal(long?.ok === false && long.reason.length, 500);
  const large = await frameOf(JSON.stringify({ ok: true, output: "x".repeat(200) }));
  match(large?.ok === false ? large.reason : "", /its output has 202 bytes of JSON/);
  same(await frameOf('{"ok":true,"output":[1]}'), { ok: true, output: [1] });
});

Deno.test("a module that meddles with what writes the frame spoils nothing but its own result", async () => {
  const meddler = `export default () => {
    const encode = TextEncoder.prototype.encode;
    TextEncoder.prototype.encode = function (text) {
      return encode.call(this, text.slice(0, 36) + "null" + text.slice(0, 36));
    };
    return 1;
  }`;
  same(endOf(await runModule(meddler)), success(1));
});

Deno.test("a module finds neither a way around import() nor where the host's programs are", async () => {
  const seeker = `export default () => [typeof process, typeof Deno.execPath, typeof Deno.ppid]`;
  same((await runModule(seeker)).output, ["undefined", "undefined", "undefined"]);
});

Deno.test("a sandbox ends with the worker that is killed, where setpriv is there", async () => {
  const script = `
    import { underLimits } from "${new URL(
    "../../lib/executor/sandbox_launch.ts",
    import.meta.url,
  )}";
    import { start } from "${new URL("../../lib/process.ts", import.meta.url)}";
    const child = start(underLimits(["sleep", "60"], {}), { env: { PATH: "${PATH}" }, ownGroup: true });
    console.log(child.pid);
    setTimeout(() => {}, 60_000);`;
  const worker = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-lock", "--no-config", "--allow-run=sh", "--allow-read", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = worker.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const reader = worker.stdout.getReader();
  const pid = new TextDecoder().decode((await reader.read()).value).trim();
  worker.kill("SIGKILL");
  await Promise.all([worker.status, reader.cancel()]);
  const gone = `for i in 1 2 3 4 5 6 7 8 9 10; do
      case $(cut -d' ' -f3 /proc/${pid}/stat 2>/dev/null) in Z | "") exit 0 ;; esac; sleep 0.1
    done; kill -9 ${pid}; exit 1`;
  const { code } = await new Deno.Command("sh", { args: ["-c", gone] }).output();
  equal(code, (await hasSetpriv()) ? 0 : 1);
});

const PATH = "/usr/bin:/bin";

async function hasSetpriv(): Promise<boolean> {
  return (await new Deno.Command("sh", { args: ["-c", "command -v setpriv"] }).output()).success;
}
