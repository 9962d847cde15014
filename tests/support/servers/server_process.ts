/**
 * Programs that serve: started, awaited until they answer, and ended with everything they started.
 *
 * @module
 */
import { run } from "../../../lib/process.ts";

/** Nothing that a test waits for takes this long. */
const PATIENCE_MS = 15_000;
/** How often to knock at a door that is not open yet. */
const KNOCK_MS = 5;

/** A server's program as the leader of a process group of its own. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #words: Promise<string>;
  #hasEnded = false;

  private constructor([program, ...args]: string[], env: Record<string, string>) {
    const child = new Deno.Command(program, {
      args,
      env: { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin", ...env },
      clearEnv: true,
      detached: true,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#child = child;
    this.#words = new Response(child.stderr).text();
    child.status.then(() => this.#hasEnded = true);
  }

  /**
   * Starts a server and waits until it takes connections.
   *
   * @throws {Error} with the program's own words when it ends before
   */
  static async start(
    command: string[],
    address: Deno.ConnectOptions,
    env: Record<string, string> = {},
  ): Promise<ServerProcess> {
    const server = new ServerProcess(command, env);
    try {
      await server.#untilOpen(address);
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw new Error(`starting ${command[0]}: ${error}: ${await server.#words}`);
    }
    return server;
  }

  /** Ends the program, which ends and awaits what it has started; what is left of that, is killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE_MS);
    await this.#child.status;
    clearTimeout(timer);
    // A whole group cannot be ended by Deno.kill without leave to run everything.
    const env = { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin" };
    await run(["kill", "-KILL", "--", `-${this.#child.pid}`], { env });
    await this.#words;
  }

  async #untilOpen(address: Deno.ConnectOptions): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!await isOpen(address)) {
      if (this.#hasEnded) throw new Error("it has ended");
      if (performance.now() > deadline) throw new Error("it does not answer");
      await new Promise((resolve) => setTimeout(resolve, KNOCK_MS));
    }
  }
}

async function isOpen(address: Deno.ConnectOptions): Promise<boolean> {
  try {
    (await Deno.connect(address)).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

/** A port of this machine that nobody uses now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
