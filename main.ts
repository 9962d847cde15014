/**
 * D-GRID: a grid of workers whose only meeting point is a Git repository.
 *
 * @module
 */
import { SANDBOX_COMMAND } from "./lib/executor/sandbox_child.ts";

if (Deno.args.length === 1 && Deno.args[0] === SANDBOX_COMMAND) {
  // Nothing else is loaded into a sandbox.
  const { runSandboxChild } = await import("./lib/executor/sandbox_child.ts");
  await runSandboxChild();
} else {
  const { takeEnvironment } = await import("./lib/environment.ts");
  const { runCommandLine } = await import("./lib/cli/run_command_line.ts");
  Deno.exit(await runCommandLine(Deno.args, await takeEnvironment()));
}
