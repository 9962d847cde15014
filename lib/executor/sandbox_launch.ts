/**
 * How a sandbox's process is started: with no permission, nothing of our environment, and limits
 * that the kernel holds.
 *
 * @module
 */
import { SANDBOX_COMMAND } from "./sandbox_child.ts";

/** A program to start, which reads the sandbox's program from its standard input. */
export interface Launch {
  command: string[];
  env: Record<string, string>;
}

/**
 * With the smallest heap, V8 has no room to collect garbage in when the kernel gives no more memory:
 * it aborts where a module could have caught an error. No task has less than these MiB.
 */
const HEAP_BEGIN = "--initial-old-space-size=16";

/** What V8 holds a sandbox to. */
export interface EngineLimits {
  /** The size of the heap. */
  memoryMb: number;
  /** Whether code may be made from strings, as `eval()` does. */
  codeFromStrings: boolean;
}

/** What the kernel holds a process to. */
export interface KernelLimits {
  /** Writable memory of its own, in KiB: also what V8's heap limit does not see. */
  dataKib?: number;
  /** Processor time of all threads: a sandbox whose worker was killed cannot spin for ever. */
  cpuSeconds?: number;
}

const NO_PERMISSION = [
  "run",
  "--no-prompt",
  "--no-config",
  "--no-lock",
  "--no-remote",
  "--no-npm",
  "--deny-import",
  "--no-code-cache",
  "--ext=js",
];

/** All that a sandbox's process has of an environment; the module in it may not even read that. */
const ENVIRONMENT = {
  NO_COLOR: "1",
  DENO_NO_UPDATE_CHECK: "1",
  // Where a module's local storage and caches would be kept: nowhere, so there are none.
  DENO_DIR: "/dev/null/dgrid",
  // A compiled binary looks for the programs that it was granted to run, and fails without one.
  PATH: "/usr/bin:/bin",
};

/**
 * Starts a sandbox of this program's own kind: the compiled binary starts itself, everything else
 * the `deno` that runs it.
 *
 * @param execPath the running program, `Deno.execPath()`
 * @param standalone whether it is a compiled binary, `Deno.build.standalone`
 */
export function sandboxLaunch(
  execPath: string,
  standalone: boolean,
  { memoryMb, codeFromStrings }: EngineLimits,
): Launch {
  const heap = `--max-old-space-size=${memoryMb},${HEAP_BEGIN}`;
  const flags = codeFromStrings ? heap : `${heap},--disallow-code-generation-from-strings`;
  return standalone
    ? { command: [execPath, SANDBOX_COMMAND], env: { ...ENVIRONMENT, DENO_V8_FLAGS: flags } }
    : { command: [execPath, ...NO_PERMISSION, `--v8-flags=${flags}`, "-"], env: ENVIRONMENT };
}

/** A sandbox whose worker is killed ends with it, where the machine can arrange for that (Linux). */
const DIES_WITH_PARENT =
  'if command -v setpriv >/dev/null 2>&1; then exec setpriv --pdeathsig KILL "$@"; fi';

/** Puts a command under limits. Started by `sh`, it needs leave to run nothing but `sh`. */
export function underLimits(command: string[], { dataKib, cpuSeconds }: KernelLimits): string[] {
  const limits = [
    // No core file of what V8 aborts, and no growing file at all: a write is an error, not a kill.
    "ulimit -c 0",
    "trap '' XFSZ",
    "ulimit -f 0",
    ...(dataKib === undefined ? [] : [`ulimit -d ${dataKib}`]),
    ...(cpuSeconds === undefined ? [] : [`ulimit -t ${cpuSeconds}`]),
  ];
  // A limit that cannot be set is one that the machine has set lower already.
  const script = `{ ${limits.join("; ")}; } 2>/dev/null; ${DIES_WITH_PARENT}; exec "$@"`;
  return ["sh", "-c", script, "sh", ...command];
}
