/**
 * Workers of no-op tasks as processes of their own.
 *
 * @module
 */
import { join } from "@std/path";
import { RUN_FLAGS } from "../lib/run_flags.ts";
import { killQuietly } from "../lib/process.ts";
import { REPOSITORY } from "../tests/support/module_graph.ts";
import type { WorkerReport } from "./noop_worker.ts";
import { denoCommand } from "./processes.ts";

export interface WorkerOrder {
  url: string;
  home: string;
  nodeId: string;
  parallel: number;
}

/** A worker that waits for the word to begin; disposing of it ends it. */
export class WorkerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<Uint8Array>;

  private constructor({ url, home, nodeId, parallel }: WorkerOrder) {
    const script = join(REPOSITORY, "bench/noop_worker.ts");
    const operands = [url, home, nodeId, String(parallel)];
    const [program, ...args] = denoCommand(RUN_FLAGS, script, operands);
    const streams = { stdin: "piped", stdout: "piped", stderr: "inherit" } as const;
    this.#child = new Deno.Command(program, { args, ...streams }).spawn();
    this.#output = this.#child.stdout.getReader();
  }

  /** Starts it, and waits until it is ready. */
  static async start(order: WorkerOrder): Promise<WorkerProcess> {
    const worker = new WorkerProcess(order);
    const first = await worker.#output.read();
    if (!first.done) return worker;
    await worker[Symbol.asyncDispose]();
    throw new Error(`starting ${order.nodeId}: it ended at once`);
  }

  /** Lets it work to its end. */
  async work(): Promise<WorkerReport> {
    const stdin = this.#child.stdin.getWriter();
    await stdin.write(new TextEncoder().encode("go\n"));
    const text = await this.#rest();
    await stdin.close().catch(() => {});
    const { code } = await this.#child.status;
    if (code !== 0) throw new Error(`running a worker: it ended with ${code}`);
    return JSON.parse(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    killQuietly(this.#child);
    await this.#child.status;
    await this.#output.cancel();
  }

  async #rest(): Promise<string> {
    const decoder = new TextDecoder();
    let text = "";
    for (let next = await this.#output.read(); !next.done; next = await this.#output.read()) {
      text += decoder.decode(next.value, { stream: true });
    }
    return text;
  }
}
