/**
 * A grid of real processes around a real Git server, with a line between them that can be cut.
 *
 * @module
 */
import { join } from "@std/path";
import { systemClock } from "../../lib/clock.ts";
import { Playground } from "../support/playground.ts";
import { type GitDaemon, startGitDaemon } from "./git_daemon.ts";
import { Node } from "./node.ts";
import { type Process, stillAlive } from "./processes.ts";
import { Proxy } from "./proxy.ts";
import { isBroken, queueFile, type Submission } from "./workload.ts";

/** The grid's settings in all scenarios. */
export const SETTINGS = { version: 1, lease_seconds: 10 };

const ORPHANS_END_MS = 5_000;
const ORPHANS_LOOK_MS = 100;

export class ChaosGrid {
  readonly nodes: Node[] = [];
  readonly submissions: Submission[] = [];
  #ended?: Promise<void>;

  private constructor(
    readonly playground: Playground,
    readonly proxy: Proxy,
    private readonly daemon: GitDaemon,
  ) {}

  /** Sets up a grid without nodes. */
  static async start(settings: Record<string, unknown> = SETTINGS): Promise<ChaosGrid> {
    const playground = await Playground.withGrid();
    for (const folder of ["logs", "tmp", "homes"]) {
      await Deno.mkdir(join(playground.folder, folder));
    }
    await playground.commit({ "dgrid.json": JSON.stringify(settings) });
    const daemon = await startGitDaemon(playground.repo);
    return new ChaosGrid(playground, new Proxy(daemon.port), daemon);
  }

  /** The server's repository, as a folder. */
  get repo(): string {
    return this.playground.repo;
  }

  /** Where the nodes keep temporary files. */
  get temporary(): string {
    return join(this.playground.folder, "tmp");
  }

  /** What a process needs in its environment to reach the server through the line. */
  get env(): Record<string, string> {
    return {
      DGRID_REPO_URL: `git://127.0.0.1:${this.proxy.port}/grid.git`,
      LOG_LEVEL: "info",
      TMPDIR: this.temporary,
    };
  }

  /** Adds a node and starts it. */
  addNode(id: string, ...args: string[]): Node {
    const node = new Node(id, this.playground, this.env, args);
    this.nodes.push(node);
    node.start();
    return node;
  }

  /** Hands tasks in, as a user who sits at the server. */
  async submit(submissions: Submission[]): Promise<void> {
    const broken = submissions.filter(isBroken);
    const sound = submissions.filter((it) => !isBroken(it));
    const stdin = sound.map(({ task }) => JSON.stringify(task)).join("\n");
    if (sound.length > 0) await this.command(["submit", "-"], stdin);
    await this.#commit(Object.fromEntries(broken.map(queueFile)));
    this.submissions.push(...submissions);
  }

  /** Runs a command of a user who sits at the server; it must succeed. */
  async command(args: string[], stdin?: string): Promise<string> {
    const { code, stdout, stderr } = await this.playground.run(args, { stdin });
    if (code !== 0) throw new Error(`dgrid ${args[0]}: ended with ${code}: ${stderr}`);
    return stdout;
  }

  /** Ends every process and the server; the folder stays. Can be called again. */
  end(): Promise<void> {
    return this.#ended ??= this.#end();
  }

  /** What killed nodes had started and will not end: a git ends by itself, but not at once. */
  async orphansLeft(): Promise<Process[]> {
    const deadline = performance.now() + ORPHANS_END_MS;
    for (;;) {
      const left = await stillAlive(this.nodes.flatMap(({ orphans }) => orphans));
      if (left.length === 0 || performance.now() > deadline) return left;
      await systemClock.wait(ORPHANS_LOOK_MS);
    }
  }

  /** Ends everything and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    await this.playground[Symbol.asyncDispose]();
  }

  async #end(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
    await this.proxy[Symbol.asyncDispose]();
    await this.daemon[Symbol.asyncDispose]();
  }

  /** Others push to the branch too, so a person may have to try again. */
  async #commit(files: Record<string, string>): Promise<void> {
    if (Object.keys(files).length === 0) return;
    for (let tries = 1;; tries++) {
      try {
        return await this.playground.commit(files);
      } catch (error) {
        const isRace = /failed to push|fetch first|non-fast-forward/.test((error as Error).message);
        if (!isRace || tries === 20) throw error;
      }
    }
  }
}
