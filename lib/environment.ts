/**
 * The one place that reads the environment, once, when D-GRID starts.
 *
 * @module
 */

/** The variables that D-GRID reads, or hands on to `git` and to the container engine. */
export const ENV_NAMES: readonly string[] = [
  // Settings of our own.
  "DGRID_HOME",
  "DGRID_REPO_URL",
  "DGRID_WAKE_SECRET",
  "HEARTBEAT_INTERVAL",
  "LOG_LEVEL",
  "MAX_PARALLEL_TASKS",
  "NODE_ID",
  "NO_COLOR",
  "PULL_INTERVAL",
  // Where things are on this machine.
  "DENO_DIR",
  "HOME",
  "PATH",
  "TMPDIR",
  "USER",
  "XDG_CONFIG_HOME",
  "XDG_RUNTIME_DIR",
  "XDG_STATE_HOME",
  // How git reaches the repository.
  "ALL_PROXY",
  "GIT_CONFIG_GLOBAL",
  "GIT_SSH",
  "GIT_SSH_COMMAND",
  "GIT_SSL_CAINFO",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "NO_PROXY",
  "SSH_AUTH_SOCK",
  "SSL_CERT_DIR",
  "SSL_CERT_FILE",
  "all_proxy",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  // How docker or podman reaches its engine.
  "CONTAINER_HOST",
  "DOCKER_CERT_PATH",
  "DOCKER_CONFIG",
  "DOCKER_CONTEXT",
  "DOCKER_HOST",
  "DOCKER_TLS_VERIFY",
];

/**
 * Reads {@link ENV_NAMES} and gives up the right to read the environment, so that no module can find
 * a secret there later. What is not set is absent.
 */
export async function takeEnvironment(): Promise<Record<string, string>> {
  const taken: Record<string, string> = {};
  for (const name of ENV_NAMES) {
    const value = Deno.env.get(name);
    if (value !== undefined) taken[name] = value;
  }
  await Deno.permissions.revoke({ name: "env" });
  return taken;
}
