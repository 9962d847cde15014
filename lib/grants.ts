/**
 * What D-GRID may do on a machine: the only list of its grants. The tasks, the bundle's first line,
 * the compiled binary and the README all have it from here.
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
 * The grants as flags of `deno run` and `deno compile`. There is none for the network: git does the
 * talking. The environment is not listed by name because Linux reads only the first 256 bytes of a
 * bundle; `takeEnvironment` reads what we need and gives the right up.
 */
export const GRANT_FLAGS: readonly string[] = [
  "--no-prompt",
  `--allow-run=${PROGRAMS.join(",")}`,
  "--allow-read",
  "--allow-write",
  "--allow-env",
  `--allow-sys=${SYS_NAMES.join(",")}`,
];
