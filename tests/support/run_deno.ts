/**
 * Starts this Deno in the repository, as a person would.
 *
 * @module
 */
import { REPOSITORY } from "./module_graph.ts";

/** What a finished program left. */
export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `deno ARGS` to its end, with `env` added to our environment. */
export async function runDeno(args: string[], env: Record<string, string> = {}): Promise<Finished> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: REPOSITORY,
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0", ...env },
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}
