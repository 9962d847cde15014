import assert from "node:assert/strict";
import { endOf, runModule } from "./sandbox_fixture.ts";

/** What a module tries, as an expression, and the reason that its result must give. */
const REFUSED: Record<string, [expression: string, reason: RegExp]> = {
  "a file": [`Deno.readTextFile("/etc/hostname")`, /^NotCapable: Requires read access/],
  "a folder": [`Deno.readDirSync("/")`, /^NotCapable: Requires read access/],
  "a write": [`Deno.writeTextFile("/tmp/x", "")`, /^NotCapable: Requires write access/],
  "the network": [`fetch("http://127.0.0.1:8080/")`, /^NotCapable: Requires net access/],
  "a port": [`Deno.listen({ port: 0 })`, /^NotCapable: Requires net access/],
  "a program": [`new Deno.Command("/bin/ls").output()`, /^NotCapable: Requires run access/],
  "the environment": [`Deno.env.get("PATH")`, /^NotCapable: Requires env access/],
  "a library": [`Deno.dlopen("libc.so.6", {})`, /^NotCapable: Requires ffi access/],
  "the host's name": [`Deno.hostname()`, /^NotCapable: Requires sys access/],
  "import of node:fs": [`import("node:fs")`, /import of "node:fs": .* may import nothing/],
  "import of https": [`import("https://deno.land/x.js")`, /import of "https:.* may import nothing/],
  "import of data": [`import("data:text/javascript,")`, /import of "data:.* may import nothing/],
  "import of npm": [`import("npm:zod")`, /import of "npm:zod": .* may import nothing/],
  "import of a file": [`import("file:///etc/passwd")`, /import of "file:.* may import nothing/],
  "a Worker": [`new Worker("data:text/javascript,", { type: "module" })`, /may not have any/],
  "local storage": [`localStorage.setItem("a", "b")`, /^NotADirectory/],
  "a cache": [`caches.open("a")`, /Failed to create cache storage/],
};

for (const [what, [expression, reason]] of Object.entries(REFUSED)) {
  Deno.test(`a module in the sandbox is refused ${what}`, async () => {
    const result = await runModule(`export default async () => String(await ${expression})`);
    assert.match(result.reason ?? `it got ${result.output}`, reason);
    assert.deepEqual([result.status, result.exit_code], ["failed", 1]);
  });
}

Deno.test("a module in the sandbox is refused static imports that could give anything", async () => {
  const text = `import text from "file:///etc/passwd" with { type: "text" };`;
  assert.match(
    (await runModule(`${text} export default () => text`)).reason!,
    /import|read access/,
  );
  const fs = `import { readFileSync } from "node:fs";`;
  const result = await runModule(`${fs} export default () => readFileSync("/etc/passwd", "utf8")`);
  assert.match(result.reason!, /may import nothing|Requires read access/);
});

Deno.test("a module in the sandbox is refused imports while it is evaluated", async () => {
  const result = await runModule(`await import("node:fs"); export default () => 1`);
  assert.match(result.reason!, /import of "node:fs": .* may import nothing/);
});

Deno.test("a module that never returns ends with -2 when its time is over", async () => {
  const module = `console.log("begun"); export default () => { for (;;); }`;
  const result = await runModule(module, { timeout_seconds: 1 });
  const reason = "stopped after 1 s, its time limit";
  assert.deepEqual(endOf(result), { status: "timeout", exit_code: -2, reason, output: undefined });
  assert.equal(result.stdout, "begun\n");
});

Deno.test("a module that prints without end ends with -2 and a cut print", async () => {
  const module = `export default () => { for (;;) console.log("x".repeat(60_000)); }`;
  const result = await runModule(module, { timeout_seconds: 1 });
  assert.deepEqual([result.status, result.stdout.length], ["timeout", 10_240]);
  assert.equal(result.stdout_truncated, true);
});

const resources = { memory_mb: 64 };

Deno.test("a module that allocates objects without end is told its limit", async () => {
  const module = `export default () => { const all = []; for (;;) all.push({ list: [1, 2] }); }`;
  const { status, reason } = await runModule(module, { resources });
  assert.deepEqual([status, reason], ["failed", "it ran out of memory; memory_mb is 64"]);
});

Deno.test("a module that allocates array buffers without end is told its limit", async () => {
  const module = `let n = 0;
    export default () => {
      const all = [];
      for (;;) { all.push(new ArrayBuffer(1024 * 1024)); console.log(++n); }
    }`;
  const result = await runModule(module, { resources });
  assert.equal(result.status, "failed");
  assert.match(
    result.reason!,
    /(Array buffer allocation failed|ran out of memory); memory_mb is 64$/,
  );
  const got = Number(result.stdout.trim().split("\n").at(-1));
  assert.ok(got >= 50 && got <= 100, `got ${got} MiB`);
});

Deno.test("a module that grows a WebAssembly memory without end comes to its limit", async () => {
  const module = `export default () => {
      const memory = new WebAssembly.Memory({ initial: 1 });
      try { for (;;) memory.grow(16); } catch (error) { return memory.buffer.byteLength; }
    }`;
  const { output, reason } = await runModule(module, { resources });
  // Whether the engine has the room left to tell the module is a matter of some pages.
  if (output === undefined) assert.match(reason!, /ran out of memory; memory_mb is 64$/);
  else assert.ok((output as number) < 100 * 1024 * 1024, `got ${output} bytes`);
});
