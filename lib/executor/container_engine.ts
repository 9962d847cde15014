/**
 * The container engine as a program: `docker`, or `podman`, which understands the same commands.
 * This is the one place that starts it.
 *
 * @module
 */
import { run, type RunOptions, type RunResult, textOf } from "../process.ts";
import { asBroken } from "./as_broken.ts";
import { NODE_LABEL } from "./container_args.ts";
import { ExecutorBroken } from "./executor.ts";

/**
 * The variables of our environment that the engine's client needs to find its engine and its
 * credentials. None of them reaches a container.
 */
export const ENGINE_VARIABLES: readonly string[] = [
  "PATH",
  "HOME",
  "XDG_RUNTIME_DIR",
  "DOCKER_HOST",
  "DOCKER_CONTEXT",
  "DOCKER_CONFIG",
  "DOCKER_CERT_PATH",
  "DOCKER_TLS_VERIFY",
  "CONTAINER_HOST",
];

const PROBE_TIMEOUT_MS = 5_000;
const COMMAND_TIMEOUT_MS = 60_000;

/** A container engine on this machine. */
export class ContainerEngine {
  /** The name of the client's program. */
  readonly program: string;
  readonly #env: Record<string, string>;

  /**
   * @param program `docker` or `podman`
   * @param env this process's environment, of which {@link ENGINE_VARIABLES} are used
   */
  constructor(program: string, env: Record<string, string>) {
    this.program = program;
    const known = Object.entries(env).filter(([name]) => ENGINE_VARIABLES.includes(name));
    this.#env = { ...Object.fromEntries(known), LC_ALL: "C" };
  }

  /**
   * Runs the client in a process group of its own, so that a Ctrl-C at the terminal, which asks the
   * worker to finish its tasks, does not reach the containers.
   *
   * @throws {ExecutorBroken} when the client is not installed
   */
  async run(
    args: string[],
    options: Omit<RunOptions, "env" | "ownGroup" | "leavesNothing"> = {},
  ): Promise<RunResult> {
    // What a client starts, such as ssh or a helper for credentials, ends with it.
    const all = { ...options, env: this.#env, ownGroup: true, leavesNothing: true };
    return await asBroken(() => run([this.program, ...args], all));
  }

  /** Whether the engine answers within `timeoutMs`. */
  async answers(timeoutMs = PROBE_TIMEOUT_MS): Promise<boolean> {
    try {
      const probe = ["ps", "--quiet", "--filter", "label=dgrid.probe"];
      const { code, timedOut } = await this.run(probe, { timeoutMs });
      return code === 0 && !timedOut;
    } catch (error) {
      if (error instanceof ExecutorBroken) return false;
      throw error;
    }
  }

  /**
   * Kills and removes containers with their volumes. Those that are not there are no error.
   *
   * @returns whether the engine removed all of them
   */
  async remove(...containers: string[]): Promise<boolean> {
    const args = ["rm", "--force", "--volumes", "--", ...containers];
    const { code } = await this.run(args, { timeoutMs: COMMAND_TIMEOUT_MS });
    return code === 0;
  }

  /**
   * Removes all containers that a node has started, such as those of its former life.
   *
   * @returns how many there were
   * @throws {ExecutorBroken} when the engine cannot list or remove them
   */
  async removeContainersOf(nodeId: string): Promise<number> {
    const filter = `label=${NODE_LABEL}=${nodeId}`;
    const list = ["ps", "--all", "--quiet", "--no-trunc", "--filter", filter];
    const { code, stdout, stderr } = await this.run(list, { timeoutMs: COMMAND_TIMEOUT_MS });
    const what = `removing the containers of ${nodeId}`;
    if (code !== 0) throw new ExecutorBroken(`${what}: ${wordsOf(textOf(stderr))}`);
    const found = textOf(stdout).split("\n").filter((id) => id !== "");
    if (found.length > 0 && !(await this.remove(...found))) {
      throw new ExecutorBroken(`${what}: ${this.program} rm failed`);
    }
    return found.length;
  }

  /**
   * The client's own words about a container that it could not run; undefined where the container's
   * program may have printed what there is. A warning may stand before them.
   */
  refusalIn({ stdout, stderr }: RunResult): string | undefined {
    if (stdout.bytes.length > 0) return undefined;
    const text = textOf(stderr);
    const begin = text.search(this.program === "podman" ? /^Error: /m : /^docker: /m);
    return begin < 0 ? undefined : wordsOf(text.slice(begin));
  }

  /** What happened to a container since an instant, such as `start`, `oom`, `die`; newest last. */
  async eventsOf(container: string, since: Date): Promise<string[]> {
    const window = [`--since=${seconds(since)}`, `--until=${seconds(new Date())}`];
    const filter = [`--filter=container=${container}`, "--format={{.Status}}"];
    const args = ["events", ...window, ...filter];
    const { stdout } = await this.run(args, { timeoutMs: COMMAND_TIMEOUT_MS });
    return textOf(stdout).split("\n").filter((line) => line !== "");
  }
}

/** The engine's own words in one line, without its hint where to find help. */
export function wordsOf(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !/^(Run|See) '.* --help'/.test(line));
  return lines.join(" ").slice(0, 500) || "the engine gave no reason";
}

/** An instant as the engine reads it, in seconds with a fraction. */
function seconds(instant: Date): string {
  return (instant.getTime() / 1000).toFixed(3);
}
