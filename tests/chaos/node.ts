/**
 * A node of the grid: the real program, which can be killed, halted and started again under the
 * same name.
 *
 * @module
 */
import { join } from "@std/path";
import { killQuietly } from "../../lib/process.ts";
import type { Playground } from "../support/playground.ts";
import { NodeLog } from "./node_log.ts";
import { familyOf, type Process, sendSignal } from "./processes.ts";

/** How a process of a node ended. */
export interface Ending {
  /** Whether we ended it, or told it to end. */
  wanted: boolean;
  code: number;
  /** The last line that it logged. */
  lastLine: string;
}

/** What a process had printed when it ended is read within this time. */
const LOG_END_MS = 1_000;

/** The exit code of a process that a SIGTERM has ended. */
const TERMINATED = 143;

interface Life {
  child: Deno.ChildProcess;
  /** The number of its first line in the log. */
  from: number;
  isWanted: boolean;
  ended: Promise<void>;
}

export class Node implements AsyncDisposable {
  readonly log: NodeLog;
  readonly endings: Ending[] = [];
  /** Everything that was a child of a process that we have killed. */
  readonly orphans: Process[] = [];
  #life?: Life;
  #halted?: Process[];
  #homes = 1;
  readonly #logged: Promise<unknown>[] = [];

  /** @param env what the program finds in its environment, besides ours */
  constructor(
    readonly id: string,
    private readonly playground: Playground,
    private readonly env: Record<string, string>,
    private readonly args: string[] = [],
  ) {
    this.log = new NodeLog(join(playground.folder, "logs", `${id}.log`));
  }

  /** Where this node keeps its local state. */
  get home(): string {
    return join(this.playground.folder, "homes", `${this.id}.${this.#homes}`);
  }

  get isRunning(): boolean {
    return this.#life !== undefined;
  }

  get isHalted(): boolean {
    return this.#halted !== undefined;
  }

  /** The process's id; undefined where it does not run. */
  get pid(): number | undefined {
    return this.#life?.child.pid;
  }

  /** Starts it, or starts it again. */
  start(): void {
    if (this.#life) throw new Error(`starting ${this.id}: it runs already`);
    const child = this.playground.start(this.command(this.home), this.env);
    const life: Life = {
      child,
      from: this.log.lines.length,
      isWanted: false,
      ended: this.#follow(child),
    };
    this.#life = life;
  }

  /** The arguments with which a process works under this node's name. */
  command(home: string): string[] {
    const shared = ["--poll-interval=1", "--parallel=2", "--executor=sandbox", "--grace=5"];
    return ["worker", `--node-id=${this.id}`, `--home=${home}`, ...shared, ...this.args];
  }

  /** Kills it as a power cut does; its children are left to themselves. */
  async kill(): Promise<void> {
    const life = this.#life;
    if (!life) return;
    // While it is stopped it starts nothing that we would not know of.
    await sendSignal("STOP", [{ pid: life.child.pid, startTime: "" }]);
    this.orphans.push(...(await familyOf(life.child.pid)).slice(1));
    life.isWanted = true;
    killQuietly(life.child);
    await this.resume();
    await life.ended;
  }

  /** The next life has an empty home, as on a new disk. */
  loseHome(): void {
    this.#homes++;
  }

  /** Halts it; `family` also halts what it has started, as when a machine sleeps. */
  async halt(family: boolean): Promise<void> {
    if (!this.#life) return;
    const { pid } = this.#life.child;
    await sendSignal("STOP", [{ pid, startTime: "" }]);
    this.#halted = (await familyOf(pid)).slice(0, family ? undefined : 1);
    await sendSignal("STOP", this.#halted);
  }

  /** Lets it go on. */
  async resume(): Promise<void> {
    const halted = this.#halted;
    this.#halted = undefined;
    if (halted) await sendSignal("CONT", halted);
  }

  /**
   * Tells it to stop, and waits.
   *
   * @returns whether it stopped by itself in time, and with success
   */
  async stop(withinMs: number): Promise<boolean> {
    const life = this.#life;
    if (!life) return true;
    await this.resume();
    life.isWanted = true;
    await sendSignal("TERM", [{ pid: life.child.pid, startTime: "" }]);
    const timer = setTimeout(() => killQuietly(life.child), withinMs);
    await life.ended;
    clearTimeout(timer);
    const { code } = this.endings.at(-1)!;
    // One that has just been started does not listen to signals yet.
    const isYoung = !this.log.lines.slice(life.from).some((line) => / runs module$/.test(line));
    return code === 0 || (isYoung && code === TERMINATED);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Promise.all(this.#logged);
    await this.log[Symbol.asyncDispose]();
  }

  async #follow(child: Deno.ChildProcess): Promise<void> {
    const logged = Promise.all([
      this.log.follow(child.stderr),
      child.stdout.cancel(),
      child.stdin.close(),
    ]);
    this.#logged.push(logged);
    const { code } = await child.status;
    // A git that outlives the process holds the pipe, and nobody shall wait for it.
    await settledWithin(LOG_END_MS, logged);
    const life = this.#life!;
    this.#life = undefined;
    this.endings.push({ wanted: life.isWanted, code, lastLine: this.log.tail(1) });
    this.log.note(`-- ended with ${code}`);
  }
}

/** Waits for something, but not for longer. */
async function settledWithin(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([promise, work]);
  clearTimeout(timer);
}
