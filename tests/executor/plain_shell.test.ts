import assert from "node:assert/strict";
import { ExecutorBroken } from "../../lib/executor/executor.ts";
import { PlainShellExecutor } from "../../lib/executor/plain_shell.ts";
import { run } from "../../lib/process.ts";
import { job, NEVER } from "./jobs.ts";

const env = { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin", HOME: "/nowhere", SECRET: "secret" };
const shell = () => new PlainShellExecutor({ allowUnsandboxed: true, env });

Deno.test("plainShellExecutor must be allowed", () => {
  assert.throws(
    () => new PlainShellExecutor({ allowUnsandboxed: false, env }),
    (error: Error) => error instanceof ExecutorBroken && /--allow-unsandboxed/.test(error.message),
  );
});

Deno.test("plainShellExecutor.run() gives both streams and the exit code", async () => {
  const script = 'cat "$DGRID_INPUT"; echo err >&2; exit 3';
  const result = await shell().run(job({ script, input: [1] }), NEVER);
  const { status, exit_code, stdout, stderr } = result;
  assert.deepEqual({ status, exit_code, stdout, stderr }, {
    status: "failed",
    exit_code: 3,
    stdout: "[1]",
    stderr: "err\n",
  });
});

Deno.test("plainShellExecutor.run() gives PATH and HOME of the environment only", async () => {
  const { stdout } = await shell().run(job({ script: "env" }), NEVER);
  assert.match(stdout, /^HOME=\/nowhere$/m);
  assert.doesNotMatch(stdout, /secret/);
});

Deno.test("plainShellExecutor.run() runs in a folder of its own and removes it", async () => {
  const { stdout } = await shell().run(job({ script: "pwd; echo x > file" }), NEVER);
  await assert.rejects(Deno.stat(stdout.trim()), Deno.errors.NotFound);
});

Deno.test("plainShellExecutor.run() keeps the result of a script that removes its folder", async () => {
  const { status, stdout } = await shell().run(job({ script: 'rm -rf "$PWD"; echo hi' }), NEVER);
  assert.deepEqual([status, stdout], ["success", "hi\n"]);
});

Deno.test("plainShellExecutor.run() kills the whole group when the time is over", async () => {
  const script = "sleep 60 & echo $!; wait";
  const result = await shell().run(job({ script, timeout_seconds: 1 }), NEVER);
  assert.deepEqual([result.status, result.exit_code], ["timeout", -2]);
  assert.ok(await isGone(result.stdout.trim()));
});

Deno.test("plainShellExecutor.run() throws the signal's reason on abort", async () => {
  const running = shell().run(job({ script: "sleep 60" }), AbortSignal.timeout(100));
  await assert.rejects(running, { name: "TimeoutError" });
});

/** Whether a process has ended; the system may need a moment for what was killed. */
async function isGone(pid: string): Promise<boolean> {
  const script = 'kill -0 "$1" 2>/dev/null && ! grep -q ") Z" "/proc/$1/stat"';
  for (let tries = 0; tries < 100; tries++) {
    if ((await run(["sh", "-c", script, "sh", pid], { env })).code !== 0) return true;
  }
  return false;
}
