/**
 * The environment that every Git process gets: what it needs of ours to reach a host, and pins for
 * everything that could run foreign code, ask a question or change the meaning of an answer.
 *
 * @module
 */

/** What Git may see of our environment: how to find programs, credentials and proxies. */
export const PASSED_VARIABLES = [
  "PATH",
  "HOME",
  "TMPDIR",
  "XDG_CONFIG_HOME",
  "XDG_RUNTIME_DIR",
  "SSH_AUTH_SOCK",
  "GIT_SSH",
  "GIT_SSH_COMMAND",
  "GIT_CONFIG_GLOBAL",
  "GIT_SSL_CAINFO",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "all_proxy",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "ALL_PROXY",
] as const;

/** Fixed settings. They go by environment, so that Git's own helpers inherit them. */
const PINNED_CONFIG: Record<string, string> = {
  "core.hooksPath": "/dev/null",
  // The local copy is a cache: what a power cut damages is made again.
  "core.fsync": "none",
  // One file for a write; a file for each object takes three times as long.
  "fastimport.unpackLimit": "1",
  "core.fsmonitor": "false",
  "core.askPass": "",
  "credential.interactive": "false",
  "color.ui": "false",
  "fetch.recurseSubmodules": "false",
  "fetch.writeCommitGraph": "false",
  "gc.auto": "0",
  "maintenance.auto": "false",
  // The sparse walk can miss that the server has a result already, under its path on the shard.
  "pack.useSparse": "false",
  // A line on which nothing comes any more is given up; Git's own servers say something every 5 s.
  "http.lowSpeedLimit": "1",
  "http.lowSpeedTime": "60",
  "protocol.version": "2",
  "push.default": "nothing",
  "push.followTags": "false",
  "push.gpgSign": "false",
  "push.recurseSubmodules": "no",
};

/** Asks nothing, and gives up a line on which nothing comes any more. */
const SSH = "ssh -oBatchMode=yes -oConnectTimeout=15 -oServerAliveInterval=15";

/**
 * The whole environment for Git.
 *
 * @param host our own environment; only {@link PASSED_VARIABLES} are taken from it
 */
export function gitEnvironment(host: Record<string, string>): Record<string, string> {
  // Git prefers GIT_SSH_COMMAND, so where the host names a program by GIT_SSH, that stands alone.
  const environment: Record<string, string> = host.GIT_SSH === undefined
    ? { GIT_SSH_COMMAND: SSH }
    : {};
  for (const name of PASSED_VARIABLES) {
    if (host[name] !== undefined) environment[name] = host[name];
  }
  return {
    ...environment,
    ...configVariables(PINNED_CONFIG),
    // Leaves out ext:: and every other helper that a URL could name.
    GIT_ALLOW_PROTOCOL: "file:git:http:https:ssh",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_OPTIONAL_LOCKS: "0",
    LC_ALL: "C",
    // Else glibc gives the memory of each object that is compressed back and asks for it anew, which
    // takes two thirds of the time of writing thousands of small ones.
    MALLOC_TRIM_THRESHOLD_: "16777216",
  };
}

function configVariables(config: Record<string, string>): Record<string, string> {
  const variables: Record<string, string> = {};
  const entries = Object.entries(config);
  entries.forEach(([key, value], index) => {
    variables[`GIT_CONFIG_KEY_${index}`] = key;
    variables[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return { ...variables, GIT_CONFIG_COUNT: String(entries.length) };
}
