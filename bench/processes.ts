/**
 * The programs that benchmarks start.
 *
 * @module
 */
import { join } from "@std/path";
import { run, textOf } from "../lib/process.ts";
import { REPOSITORY } from "../tests/support/module_graph.ts";
import { sourceFlags } from "../tests/support/source_flags.ts";

/** The bundle, as `deno task bundle` makes it. */
export const BUNDLE = join(REPOSITORY, "dist/dgrid.js");

/** No program of a benchmark takes longer. */
const PATIENCE_MS = 600_000;

/**
 * Runs a program with our environment, to its end.
 *
 * @returns what it printed
 * @throws {Error} with what it said when it fails or takes too long
 */
export async function command(
  words: string[],
  { cwd, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const whole = { ...Deno.env.toObject(), ...env };
  const result = await run(words, { cwd, env: whole, timeoutMs: PATIENCE_MS });
  if (result.code === 0) return textOf(result.stdout);
  throw new Error(`running ${words.slice(0, 3).join(" ")}: ${textOf(result.stderr).slice(-2000)}`);
}

/** Runs a line of shell; its arguments are `$1` and so on. Gives what it printed, trimmed. */
export async function shell(script: string, args: string[] = []): Promise<string> {
  return (await command(["sh", "-c", script, "sh", ...args])).trim();
}

/** The words that start a module of ours in a Deno of its own. */
export function denoCommand(flags: readonly string[], script: string, args: string[]): string[] {
  const config = `--config=${join(REPOSITORY, "deno.json")}`;
  const load = sourceFlags().map((flag) => flag.replace("=", `=${REPOSITORY}`));
  return [Deno.execPath(), "run", "--quiet", config, ...load, ...flags, script, ...args];
}

/** Makes the bundle. */
export async function makeBundle(): Promise<void> {
  await command([Deno.execPath(), "task", "--quiet", "bundle"], { cwd: REPOSITORY });
}

/** The words that start the bundle. */
export function bundledCommand(flags: readonly string[], args: string[]): string[] {
  return [Deno.execPath(), "run", "--quiet", "--no-config", ...flags, BUNDLE, ...args];
}

/** How long a program ran, and how much memory it held at most, without the programs it started. */
export interface Cost {
  seconds: number;
  peakMb: number;
}

/**
 * Runs a program to its end and watches it.
 *
 * @param env is added to our environment
 * @throws {Error} with what it said when it fails
 */
export async function runMeasured(words: string[], env: Record<string, string>): Promise<Cost> {
  const [program, ...args] = words;
  const streams = { stdin: "null", stdout: "null", stderr: "piped" } as const;
  const began = performance.now();
  const child = new Deno.Command(program, { args, env, ...streams }).spawn();
  const watching = shell(WATCH_PEAK, [String(child.pid)]);
  const { code, stderr } = await child.output();
  const seconds = (performance.now() - began) / 1000;
  const peakKib = Number(await watching);
  if (code === 0) return { seconds, peakMb: peakKib / 1024 };
  throw new Error(`running ${words.at(-2)}: ${new TextDecoder().decode(stderr).slice(-2000)}`);
}

/** The kernel's own record of the most that was held; it is gone with the process. */
const WATCH_PEAK = `
  while found=$(sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\).*/\\1/p' "/proc/$1/status" 2>/dev/null) &&
    [ -n "$found" ]; do peak=$found; sleep 0.02; done
  echo "$peak"`;
