/**
 * The program itself, as a process with its real grants and nothing of our environment but PATH.
 *
 * @module
 */
import { GRANT_FLAGS } from "../../lib/grants.ts";
import { REPOSITORY } from "./module_graph.ts";
import type { Finished } from "./run_deno.ts";
import { sourceFlags } from "./source_flags.ts";

export interface DgridOptions {
  /** The grid's repository. */
  repo?: string;
  /** The local state. */
  home: string;
  env?: Record<string, string>;
  stdin?: string;
}

/** Runs `dgrid ARGS` to its end. */
export async function dgrid(args: string[], options: DgridOptions): Promise<Finished> {
  const child = startDgrid(args, options);
  const writer = child.stdin.getWriter();
  if (options.stdin !== undefined) await writer.write(new TextEncoder().encode(options.stdin));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** Starts `dgrid ARGS`. */
export function startDgrid(args: string[], options: DgridOptions): Deno.ChildProcess {
  const { repo, home, env = {} } = options;
  const flags = ["run", "--quiet", ...sourceFlags(), ...GRANT_FLAGS, `${REPOSITORY}/main.ts`];
  const denoDir = Deno.env.get("DENO_DIR");
  return new Deno.Command(Deno.execPath(), {
    args: [...flags, ...args],
    cwd: REPOSITORY,
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH")!,
      HOME: Deno.env.get("HOME") ?? "/",
      ...(denoDir === undefined ? {} : { DENO_DIR: denoDir }),
      NO_COLOR: "1",
      DGRID_HOME: home,
      ...(repo === undefined ? {} : { DGRID_REPO_URL: repo }),
      ...env,
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
