/**
 * What D-GRID may do on a machine: the only list of its grants. The tasks, the bundle's first line,
 * the compiled binary and the README all have it from here, the programs by `run_flags.ts`.
 *
 * @module
 */

/** What a node tells about its machine. */
export const SYS_NAMES: readonly string[] = [
  "cpus",
  "hostname",
  "osRelease",
  "systemMemoryInfo",
  "uid",
];

/** The programs that D-GRID starts. Its own sandboxes are started by `sh`, which sets their limits. */
export const PROGRAMS: readonly string[] = ["git", "docker", "podman", "sh"];

/**
 * The grants as flags of `deno run` and `deno compile`. The environment is not listed by name
 * because Linux reads only the first 256 bytes of a bundle; `takeEnvironment` reads what we need and
 * gives the right up. Git does the talking, so the network is for wake-up calls alone, and whoever
 * neither takes nor makes any gives it up at the start ({@link giveUpNetwork}).
 */
export const GRANT_FLAGS: readonly string[] = [
  "--no-prompt",
  `--allow-run=${PROGRAMS.join(",")}`,
  "--allow-read",
  "--allow-write",
  "--allow-env",
  `--allow-sys=${SYS_NAMES.join(",")}`,
  "--allow-net",
];

/** Gives up the right to the network. A server that listens already goes on. */
export async function giveUpNetwork(): Promise<void> {
  await Deno.permissions.revoke({ name: "net" });
}
