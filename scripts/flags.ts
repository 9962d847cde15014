/**
 * Prints the flags with which a task starts Deno. The tasks in `deno.json` insert them, so no
 * process of ours stands between the task and the program, and signals, streams and exit code need
 * nobody to hand them on.
 *
 *     check     nothing; fails where DGRID_IMPORTS is wrong, because Deno's task shell goes on when
 *               what stands in $(…) fails
 *     imports   jsr or npm, for the variable DGRID_IMPORTS
 *     load      what loading the modules needs
 *     run       the same, D-GRID's grants, and how it keeps its heap
 *     test      the same, and the tests' grants
 *     bench     what the tests need, as benchmarks stand on the same servers and programs, and the heap of
 *               a worker, as some work in the benchmark's own process
 *
 * @module
 */
import { PROGRAMS } from "../lib/grants.ts";
import { HEAP_FLAG, RUN_FLAGS } from "../lib/run_flags.ts";
import { chooseImports, importFlags, type Imports } from "./imports.ts";

/** The tests also start Deno by its path, servers on this machine, and common tools. */
function testGrants(denoPath: string): string[] {
  const tools = ["deno", "bash", "busybox", "env", "kill", "openssl", "sleep", "ssh-keygen", "tar"];
  // Where only root has them on the PATH.
  tools.push(...["fcgiwrap", "nginx", "sshd"].map((name) => `/usr/sbin/${name}`));
  return [
    "--no-prompt",
    `--allow-run=${[...PROGRAMS, denoPath, "dist/dgrid.js", "dist/dgrid", ...tools].join(",")}`,
    "--allow-read",
    "--allow-write",
    "--allow-env",
    "--allow-sys",
    "--allow-net=127.0.0.1,localhost",
  ];
}

function flagsFor(purpose: string, imports: Imports): readonly string[] {
  switch (purpose) {
    case "imports":
      return [imports];
    case "load":
      return importFlags(imports);
    case "run":
      return [...importFlags(imports), ...RUN_FLAGS];
    case "test":
      return [...importFlags(imports), ...testGrants(Deno.execPath())];
    case "bench":
      return [...importFlags(imports), ...testGrants(Deno.execPath()), HEAP_FLAG];
    default:
      throw new Error(
        `printing flags: found "${purpose}"; use check, imports, load, run, test or bench`,
      );
  }
}

async function printFlags(purpose: string, wanted: string | undefined): Promise<void> {
  if (purpose === "check") return void await chooseImports(wanted, () => Promise.resolve(true));
  console.log(flagsFor(purpose, await chooseImports(wanted)).join(" "));
}

if (import.meta.main) {
  try {
    await printFlags(Deno.args[0] ?? "", Deno.env.get("DGRID_IMPORTS"));
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(2);
  }
  // A registry that keeps silent keeps its connections open; nobody waits for it any longer.
  Deno.exit(0);
}
