/**
 * How much memory nodes hold, over time.
 *
 * @module
 */
import { systemClock } from "../../lib/clock.ts";
import type { Node } from "./node.ts";
import { residentKib } from "./processes.ts";

const SAMPLE_MS = 5_000;

export class MemoryWatch implements AsyncDisposable {
  /** By node: KiB, one sample after another. */
  readonly samples: Record<string, number[]> = {};
  readonly #over = new AbortController();
  readonly #watching: Promise<void>;

  constructor(private readonly nodes: Node[]) {
    this.#watching = this.#watch();
  }

  /** How many times as much they hold in the last quarter of the time as in the second. */
  get growth(): number {
    const quarter = (number: number) =>
      Object.values(this.samples).reduce((sum, list) => {
        const length = Math.max(1, list.length >> 2);
        return sum + mean(list.slice(length * number, length * (number + 1)));
      }, 0);
    return quarter(3) / quarter(1);
  }

  inWords(): string {
    const told = Object.entries(this.samples).map(([id, list]) =>
      `${id} ${mib(list[0])} to ${mib(list.at(-1)!)}, at most ${mib(Math.max(...list))}`
    );
    return `MiB held: ${told.join("; ")}; ${this.growth.toFixed(2)} times the second quarter`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (!this.#over.signal.aborted) {
      for (const { id, pid } of this.nodes) {
        const kib = pid === undefined ? undefined : await residentKib(pid);
        if (kib !== undefined) (this.samples[id] ??= []).push(kib);
      }
      await systemClock.wait(SAMPLE_MS, this.#over.signal);
    }
  }
}

function mean(numbers: number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / Math.max(1, numbers.length);
}

function mib(kib: number): number {
  return Math.round(kib / 1024);
}
