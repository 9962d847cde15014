import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { sandboxLaunch } from "../../lib/executor/sandbox_launch.ts";
import { endOf, failure, runModuleIn, success } from "./sandbox_fixture.ts";

const MAIN = fileURLToPath(new URL("sandbox_main.ts", import.meta.url));

/** Starts sandboxes as the compiled binary does: by a program that was granted everything. */
function granted(...grants: string[]) {
  const args = ["run", "--quiet", "--no-config", "--no-lock", "--no-prompt", ...grants];
  const { env } = sandboxLaunch(Deno.execPath(), true, { memoryMb: 64, codeFromStrings: true });
  return { launch: () => ({ command: [Deno.execPath(), ...args, MAIN], env }) };
}

Deno.test("runSandboxChild() runs a module", async () => {
  const module = "console.log('printed'); export default (n) => n + 1";
  const result = await runModuleIn(granted("--allow-all"), module, { input: 1 });
  assert.deepEqual(endOf(result), success(2));
  assert.equal(result.stdout, "printed\n");
});

Deno.test("runSandboxChild() gives up every permission before it evaluates", async () => {
  const module = `export default async () => {
    const names = ["read", "write", "net", "run", "env", "ffi", "sys", "import"];
    const all = await Promise.all(names.map((name) => Deno.permissions.query({ name })));
    return all.map(({ state, partial }) => state + partial);
  }`;
  const some = [
    "--allow-read=/etc",
    "--allow-run=sh,not-installed",
    "--allow-env=PATH",
    "--allow-net=localhost",
  ];
  for (const grants of [["--allow-all"], some]) {
    const { output, stderr } = await runModuleIn(granted(...grants), module);
    assert.deepEqual(output, Array(8).fill("promptfalse"), stderr);
  }
});

Deno.test("runSandboxChild() leaves a module nothing of what was granted", async () => {
  const tries = [`Deno.readTextFile("/etc/passwd")`, `new Deno.Command("/bin/sh").output()`];
  for (const expression of tries) {
    const module = `export default () => ${expression}`;
    const { status, reason } = await runModuleIn(granted("--allow-all"), module);
    assert.equal(status, "failed");
    assert.match(reason!, /^NotCapable: Requires (read|run) access/);
  }
});

Deno.test("runSandboxChild() lets a module import nothing", async () => {
  const module = `export default () => import("node:fs")`;
  const reason =
    'TypeError: Error: import of "node:fs": a module in the sandbox may import nothing';
  assert.deepEqual(endOf(await runModuleIn(granted("--allow-all"), module)), failure(reason));
});

Deno.test("runSandboxChild() watches whatever can make code from strings", async () => {
  const module = `export default () => globalThis["ev" + "al"]("imp" + "ort('node:fs')")`;
  const reason =
    'TypeError: Error: import of "node:fs": a module in the sandbox may import nothing';
  assert.deepEqual(endOf(await runModuleIn(granted("--allow-all"), module)), failure(reason));
});
