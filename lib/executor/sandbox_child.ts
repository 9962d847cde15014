/**
 * The compiled binary's hidden command: it becomes a sandbox. Nothing else is imported here, so
 * that a sandbox starts fast and holds nothing of ours.
 *
 * @module
 */

/** The name of the hidden command: the binary's only argument. */
export const SANDBOX_COMMAND = "__sandbox";

const PERMISSIONS = ["read", "write", "net", "run", "env", "ffi", "sys", "import"] as const;

/**
 * Reads a program from standard input, gives up every permission, and only then evaluates it. The
 * program may run on after the returned promise is fulfilled: the caller must just return and
 * must not call `Deno.exit()`.
 *
 * @throws {Error} when a permission cannot be given up; nothing has been evaluated then
 */
export async function runSandboxChild(): Promise<void> {
  const program = await new Response(Deno.stdin.readable).text();
  for (const name of PERMISSIONS) await giveUp(name);
  await import(`data:text/javascript;charset=utf-8,${encodeURIComponent(program)}`);
}

async function giveUp(name: typeof PERMISSIONS[number]): Promise<void> {
  await Deno.permissions.revoke({ name });
  const { state, partial } = await Deno.permissions.query({ name });
  if (state === "granted" || partial) throw new Error(`giving up ${name}: it is still granted`);
}
