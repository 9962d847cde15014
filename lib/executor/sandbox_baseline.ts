/**
 * How much memory a sandbox has before its module does anything.
 *
 * The kernel's limit on writable memory bounds array buffers and WebAssembly memory, which V8's
 * heap limit does not see. It counts what a process has reserved, and V8 reserves some 500 MiB for
 * code; so a task's limit must come on top of what an idle sandbox has.
 *
 * @module
 */
import { capture, run, start, textOf } from "../process.ts";
import { ExecutorBroken } from "./executor.ts";
import { type Launch, underLimits } from "./sandbox_launch.ts";

/** Says that it is there, and stays until it is killed, at most a minute. */
const IDLE_PROGRAM = `console.log("ready"); setTimeout(() => {}, 60_000);`;

/**
 * Measures an idle sandbox.
 *
 * @returns its writable memory in KiB; undefined where the system does not tell, as on macOS
 * @throws {ExecutorBroken} when no sandbox can be started
 */
export async function measureBaseline({ command, env }: Launch): Promise<number | undefined> {
  const child = start(underLimits(command, {}), { env, cwd: "/", ownGroup: true });
  const stderr = capture(child.stderr, 1000);
  const reader = child.stdout.getReader();
  try {
    const writer = child.stdin.getWriter();
    // Where it ends before it has read all, the read below finds out.
    await writer.write(new TextEncoder().encode(IDLE_PROGRAM)).catch(() => {});
    await writer.close().catch(() => {});
    if (!(await reader.read()).done) return await dataSizeOf(child.pid);
  } finally {
    await killed(child);
    await reader.cancel();
    await stderr;
  }
  throw new ExecutorBroken(`starting a sandbox: ${command[0]}: ${textOf(await stderr).trim()}`);
}

async function killed(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // It has ended already.
    if (!(error instanceof TypeError)) throw error;
  }
  await child.status;
}

/** By \`sh\`, because Deno itself reads nothing under /proc unless it may do everything. */
async function dataSizeOf(pid: number): Promise<number | undefined> {
  const script = 'while read -r name value _; do [ "$name" = VmData: ] && echo "$value"; done ' +
    '< "/proc/$1/status" 2>/dev/null';
  const { stdout } = await run(["sh", "-c", script, "sh", String(pid)]);
  const kib = Number(textOf(stdout).trim());
  return kib > 0 ? kib : undefined;
}
