/**
 * Shows how far the demo has come: a table that changes on a terminal, lines elsewhere.
 *
 * @module
 */
import { table } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import type { Progress } from "./progress.ts";

/** Where nothing can be redrawn, a line is written at most this often. */
const LINE_PAUSE_MS = 1_000;

export class ProgressDisplay {
  #drawn = 0;
  #lastLine = "";
  #lastLineMs = -Infinity;

  constructor(
    private readonly terminal: Terminal,
    private readonly progress: Progress,
    private readonly nodeIds: string[],
  ) {}

  /**
   * @param elapsedMs since the demo began
   * @param isLast whether nothing follows, so that this must be seen
   */
  show(elapsedMs: number, isLast: boolean): void {
    if (this.terminal.isLive) this.#redraw(elapsedMs);
    else if (isLast || elapsedMs - this.#lastLineMs >= LINE_PAUSE_MS) this.#addLine(elapsedMs);
  }

  #redraw(elapsedMs: number): void {
    const lines = this.#lines(elapsedMs);
    const back = this.#drawn === 0 ? "" : `\x1b[${this.#drawn}A`;
    this.terminal.draw(back + lines.map((line) => `\x1b[2K${line}\n`).join(""));
    this.#drawn = lines.length;
  }

  #lines(elapsedMs: number): string[] {
    const { progress, nodeIds } = this;
    const rows = nodeIds.map((nodeId) => [
      nodeId,
      (progress.running.get(nodeId) ?? ["-"]).join(" "),
      String(progress.doneBy(nodeId)),
    ]);
    const whole = `${this.#counts()}\n\n${table([["NODE", "RUNS", "DONE"], ...rows])}`;
    const columns = this.terminal.liveColumns ?? Infinity;
    return [`${inSeconds(elapsedMs)}  ${whole}`, "", `π ≈ ${this.#piSoFar()}`]
      .join("\n").split("\n").map((line) => line.slice(0, columns - 1));
  }

  #addLine(elapsedMs: number): void {
    const line = `${this.#counts()}, π ≈ ${this.#piSoFar()}`;
    if (line === this.#lastLine) return;
    this.#lastLine = line;
    this.#lastLineMs = elapsedMs;
    this.terminal.tell(`${inSeconds(elapsedMs)}  ${line}`);
  }

  #counts(): string {
    const { queued, running, results, settled } = this.progress;
    const busy = [...running.values()].flat().length;
    return `${queued} queued, ${busy} running, ${results.size} done, ${settled} settled`;
  }

  #piSoFar(): string {
    const { estimate } = this.progress;
    return estimate === undefined ? "?" : estimate.pi.toFixed(6);
  }
}

/** A length of time for people: ` 3.2 s`. */
export function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1).padStart(4)} s`;
}
