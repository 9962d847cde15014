/** A container engine that does what a test says. */
import { ContainerEngine } from "../../lib/executor/container_engine.ts";
import type { RunOptions, RunResult } from "../../lib/process.ts";

/** How a client ends. */
export function clientEnd(fields: Partial<RunResult> = {}, stderr = "", stdout = ""): RunResult {
  const captured = (text: string) => ({ bytes: new TextEncoder().encode(text), truncated: false });
  const streams = { stdout: captured(stdout), stderr: captured(stderr) };
  return { code: 0, signal: null, timedOut: false, durationMs: 1, ...streams, ...fields };
}

/** Answers each command by a function; keeps the commands. */
export class FakeEngine extends ContainerEngine {
  /** The first words of the commands, such as `run`, `rm`, `pull`. */
  readonly commands: string[] = [];
  readonly #answer: (command: string, options: RunOptions) => Promise<RunResult> | RunResult;

  constructor(answer: (command: string, options: RunOptions) => Promise<RunResult> | RunResult) {
    super("docker", {});
    this.#answer = answer;
  }

  override async run([command]: string[], options: RunOptions = {}): Promise<RunResult> {
    this.commands.push(command);
    return await this.#answer(command, options);
  }

  /** How often a command was given. */
  count(command: string): number {
    return this.commands.filter((one) => one === command).length;
  }
}
