import assert from "node:assert/strict";
import { FramedOutput } from "../../lib/executor/framed_output.ts";
import { sandboxLaunch, underLimits } from "../../lib/executor/sandbox_launch.ts";
import { composeProgram, literal, moduleUrl } from "../../lib/executor/sandbox_program.ts";
import { run, textOf } from "../../lib/process.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const streamOf = (...parts: string[]) =>
  new ReadableStream<Uint8Array<ArrayBuffer>>({
    type: "bytes",
    start(controller) {
      for (const part of parts) if (part !== "") controller.enqueue(bytes(part));
      controller.close();
    },
  });

Deno.test("literal() has nothing that could end a program or a page", () => {
  const value = { text: "</script>\u2028\u2029\"'\\`${x}", ["__proto__"]: 1 };
  const text = literal(value);
  assert.doesNotMatch(text, /<\/|\u2028|\u2029/);
  const back = (0, eval)(text);
  assert.equal(JSON.stringify(back), JSON.stringify(value));
  assert.ok(Object.hasOwn(back, "__proto__"));
});

Deno.test("moduleUrl() repairs half of a surrogate pair instead of throwing", () => {
  assert.equal(moduleUrl("'\ud800'"), "data:text/javascript;charset=utf-8,'%EF%BF%BD'");
});

Deno.test("framedOutput finds a frame in pieces and takes it out of the print", async () => {
  const output = new FramedOutput("MARK", 100);
  const parts = ["before", "MA", 'RK{"ok":tr', 'ue,"output":1}MARK', "after"];
  const printed = await output.capture(streamOf(...parts), 20);
  assert.deepEqual([textOf(printed), printed.truncated], ["before", false]);
  assert.deepEqual(output.frame, { ok: true, output: 1 });
});

Deno.test("framedOutput finds a frame behind more than it keeps", async () => {
  const output = new FramedOutput("MARK", 10);
  const parts = ["x".repeat(50_000), 'MARK{"ok":true}MARK'];
  const printed = await output.capture(streamOf(...parts), 3);
  assert.deepEqual([textOf(printed), printed.truncated], ["xxx", true]);
  assert.deepEqual(output.frame, { ok: true });
});

Deno.test("framedOutput has no frame, when there is none or half of one", async () => {
  for (const text of ["", "printed", 'MARK{"ok":true}', 'MARK{"oMARK']) {
    const output = new FramedOutput("MARK", 10);
    await output.capture(streamOf(text), 100);
    assert.equal(output.frame, undefined);
  }
});

Deno.test("sandboxLaunch() grants nothing from source, and starts a binary as a sandbox", () => {
  const source = sandboxLaunch("/usr/bin/deno", false, { memoryMb: 64, codeFromStrings: true });
  assert.ok(!source.command.some((arg) => arg.startsWith("--allow")));
  const flags = "--max-old-space-size=64,--initial-old-space-size=16";
  assert.ok(source.command.includes(`--v8-flags=${flags}`));
  const binary = sandboxLaunch("/usr/bin/dgrid", true, { memoryMb: 64, codeFromStrings: true });
  assert.deepEqual(binary.command, ["/usr/bin/dgrid", "__sandbox"]);
  assert.equal(binary.env.DENO_V8_FLAGS, flags);
});

Deno.test("sandboxLaunch() tells V8 to make no code from strings", () => {
  const limits = { memoryMb: 64, codeFromStrings: false };
  const noStrings = ",--disallow-code-generation-from-strings";
  assert.ok(sandboxLaunch("deno", false, limits).command.some((arg) => arg.endsWith(noStrings)));
  assert.ok(sandboxLaunch("dgrid", true, limits).env.DENO_V8_FLAGS.endsWith(noStrings));
});

Deno.test("underLimits() holds a command to its limits", async () => {
  const script = 'ulimit -c; ulimit -f; ulimit -d; ulimit -t; echo "$1"';
  const command = underLimits(["sh", "-c", script, "sh", "a  b"], { dataKib: 7000, cpuSeconds: 9 });
  assert.equal(textOf((await run(command)).stdout), "0\n0\n7000\n9\na  b\n");
});

Deno.test("underLimits() ends what spins longer than its processor time", async () => {
  const command = underLimits(["sh", "-c", "while :; do :; done"], { cpuSeconds: 1 });
  const { signal } = await run(command, { timeoutMs: 20_000 });
  assert.ok(signal === "SIGKILL" || signal === "SIGXCPU", String(signal));
});

for (const when of ["is evaluated", "is called"]) {
  Deno.test(`a sandbox that nobody ends ends itself, while its module ${when}`, async () => {
    const wait = "await new Promise((resolve) => setTimeout(resolve, 60_000))";
    const module = when === "is called"
      ? `export default async () => { ${wait}; }`
      : `${wait}; export default () => {};`;
    const parts = { module, nonce: "NONCE", outputLimitBytes: 100, tooDeep: "", watched: false };
    const program = composeProgram({ ...parts, lifeMs: 300 });
    const limits = { memoryMb: 64, codeFromStrings: false };
    const { command, env } = sandboxLaunch(Deno.execPath(), false, limits);
    const stdin = bytes(program);
    const { code, timedOut } = await run(command, { env, stdin, timeoutMs: 20_000 });
    assert.deepEqual([code, timedOut], [1, false]);
  });
}
