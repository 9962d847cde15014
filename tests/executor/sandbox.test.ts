import assert from "node:assert/strict";
import { ExecutorBroken } from "../../lib/executor/executor.ts";
import { SandboxExecutor } from "../../lib/executor/sandbox.ts";
import { job, NEVER } from "./jobs.ts";
import { endOf, failure, runModule, runModuleIn, success } from "./sandbox_fixture.ts";

Deno.test("sandboxExecutor.run() gives what the module returned and what it printed", async () => {
  const module = `
    console.log("evaluated");
    export default async function ({ n }) {
      console.log("called"); console.error("warned");
      return { doubled: await Promise.resolve(n * 2) };
    }`;
  const result = await runModule(module, { input: { n: 21 } });
  assert.deepEqual(endOf(result), success({ doubled: 42 }));
  assert.deepEqual([result.stdout, result.stderr], ["evaluated\ncalled\n", "warned\n"]);
  assert.deepEqual([result.stdout_truncated, result.stderr_truncated], [false, false]);
  assert.ok(result.duration_ms > 0 && !Number.isNaN(Date.parse(result.started_at!)));
});

Deno.test("sandboxExecutor.run() gives any input unchanged", async () => {
  const input = { text: "\u2028\u2029</script>`${x}` \\ \" ' ä 😀", list: [null, 1.5, true] };
  assert.deepEqual((await runModule("export default (input) => input", { input })).output, input);
});

Deno.test("sandboxExecutor.run() gives no output, when the module returns none", async () => {
  const result = await runModule("export default () => {}");
  assert.deepEqual([result.status, "output" in result], ["success", false]);
});

Deno.test("sandboxExecutor.run() fails with the error and its stack", async () => {
  const module = `export default () => { throw new TypeError("no such\\nthing"); }`;
  const result = await runModule(module);
  assert.deepEqual(endOf(result), failure("TypeError: no such thing"));
  assert.match(result.stderr, /^TypeError: no such\nthing\n {4}at .*\(module:1:\d+\)/);
});

Deno.test("sandboxExecutor.run() fails, when the module is not one", async () => {
  assert.match((await runModule("this is not code")).reason!, /^TypeError: SyntaxError: /);
  const none = failure("Error: the module has no function as default export");
  assert.deepEqual(endOf(await runModule("export default 5")), none);
});

Deno.test("sandboxExecutor.run() fails, when the output is no JSON", async () => {
  const isFunction = failure("TypeError: its output is a function, which no JSON has");
  assert.deepEqual(endOf(await runModule("export default () => () => 1")), isFunction);
  const big = failure("TypeError: Do not know how to serialize a BigInt");
  assert.deepEqual(endOf(await runModule("export default () => 1n")), big);
});

Deno.test("sandboxExecutor.run() takes an output up to the limit and no larger", async () => {
  const module = "export default (n) => 'ä'.repeat(n)";
  const fits = await runModule(module, { input: 4 }, 10);
  assert.deepEqual(endOf(fits), success("ääää"));
  const reason = "RangeError: its output has 12 bytes of JSON; output_limit_bytes is 10";
  assert.deepEqual(endOf(await runModule(module, { input: 5 }, 10)), failure(reason));
});

Deno.test("sandboxExecutor.run() fails, when the output is nested too deep", async () => {
  const module = `export default ({ depth, inmost = 1 }) => {
    let value = inmost === "date" ? new Date(0) : inmost;
    for (let level = 0; level < depth; level++) value = [value];
    return value;
  }`;
  const fits = await runModule(module, { input: { depth: 64 } });
  assert.deepEqual([fits.status, JSON.stringify(fits.output).length], ["success", 129]);
  const reason = "RangeError: its output is nested deeper than 64 levels";
  // No JSON can be written of the last: what has a toJSON() is written by a function calling itself.
  const inputs = [{ depth: 65 }, { depth: 4_900 }, { depth: 100_000, inmost: "date" }];
  for (const input of inputs) {
    assert.deepEqual(endOf(await runModule(module, { input })), failure(reason));
  }
});

Deno.test("sandboxExecutor.run() finds the output behind a print that it cuts", async () => {
  const module = `export default () => {
    for (let i = 0; i < 100; i++) console.log("ä".repeat(50_000));
    return "found";
  }`;
  const result = await runModule(module, {}, 11);
  assert.deepEqual(endOf(result), success("found"));
  assert.deepEqual([result.stdout, result.stdout_truncated], ["äääää", true]);
});

Deno.test("sandboxExecutor.run() ends with the result, whatever is still pending", async () => {
  const module = "export default () => { setInterval(() => {}, 1000); return 1; }";
  const result = await runModule(module);
  assert.deepEqual(endOf(result), success(1));
  assert.ok(result.duration_ms < 10_000);
});

Deno.test("sandboxExecutor.run() fails, when the module waits for nothing", async () => {
  const result = await runModule("export default () => new Promise(() => {})");
  assert.deepEqual(endOf(result), failure("it waits for something that can never come"));
  const early = await runModule("await new Promise(() => {}); export default () => 1");
  assert.deepEqual(endOf(early), failure("its process ended with exit code 1 before it returned"));
  assert.match(early.stderr, /Top-level await promise never resolved/);
});

Deno.test("sandboxExecutor.run() fails, when the module ends its process", async () => {
  const left = failure("its process ended with exit code 0 before it returned");
  assert.deepEqual(endOf(await runModule("export default () => Deno.exit(0)")), left);
  const stray = await runModule(`export default () => {
    Promise.reject(new Error("stray"));
    return new Promise((resolve) => setTimeout(resolve, 1000));
  }`);
  assert.equal(stray.reason, "its process ended with exit code 1 before it returned");
  assert.match(stray.stderr, /Uncaught \(in promise\) Error: stray/);
});

Deno.test("sandboxExecutor.run() kills and throws the signal's reason on abort", async () => {
  await using executor = new SandboxExecutor();
  const endless = job({ module: "export default () => { for (;;); }" });
  const signal = AbortSignal.timeout(300);
  await assert.rejects(executor.run(endless, signal), { name: "TimeoutError" });
});

Deno.test("sandboxExecutor.run() throws ExecutorBroken, when no sandbox starts", async () => {
  const launch = () => ({ command: ["/nowhere/deno"], env: {} });
  await assert.rejects(
    runModuleIn({ launch }, "export default () => 1"),
    (error: Error) => error instanceof ExecutorBroken && /\/nowhere\/deno/.test(error.message),
  );
});

Deno.test("sandboxExecutor.run() runs several modules at once", async () => {
  await using executor = new SandboxExecutor();
  const runs = [1, 2, 3, 4].map((input) =>
    executor.run(job({ module: "export default (n) => n * n", input }), NEVER)
  );
  const outputs = (await Promise.all(runs)).map(({ output }) => output);
  assert.deepEqual(outputs, [1, 4, 9, 16]);
});

Deno.test("sandboxExecutor.prepare() harms nothing, whether a run follows or not", async () => {
  await using executor = new SandboxExecutor();
  const wanted = job({ module: "export default () => 1" });
  executor.prepare();
  executor.prepare();
  assert.equal((await executor.run(wanted, NEVER)).output, 1);
  await using broken = new SandboxExecutor({ launch: () => ({ command: ["/nowhere"], env: {} }) });
  broken.prepare();
});
