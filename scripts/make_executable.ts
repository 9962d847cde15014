/**
 * Makes a bundle executable: `make_executable.ts FILE`.
 *
 * @module
 */
import { RUN_FLAGS } from "../lib/run_flags.ts";

/** The first line of the bundle. It must fit into 255 bytes, of which Linux reads no more. */
export const SHEBANG = `#!/usr/bin/env -S deno run --quiet --no-config ${RUN_FLAGS.join(" ")}`;

async function makeExecutable(path: string): Promise<void> {
  await Deno.writeTextFile(path, `${SHEBANG}\n${await Deno.readTextFile(path)}`);
  await Deno.chmod(path, 0o755);
}

if (import.meta.main) await makeExecutable(Deno.args[0]);
