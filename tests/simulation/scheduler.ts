/**
 * Virtual time: events happen one after the other, each at its moment, and nothing else happens.
 *
 * Between two events everything that the first has set going is done to its end: `setImmediate` comes
 * after all microtasks, and code under simulation waits for nothing but microtasks and events. It
 * costs less than a microsecond, a hundredth of what a timer costs.
 *
 * @module
 */
import { setImmediate } from "node:timers";

/** Something that happens at a moment. */
export interface Scheduled {
  readonly at: number;
  /** Tells which of two at one moment comes first. */
  readonly order: number;
  /** Undefined where it was called off. */
  run?: () => void;
}

export class Scheduler {
  #now = 0;
  #count = 0;
  readonly #heap: Scheduled[] = [];

  /** Milliseconds since the begin. */
  get now(): number {
    return this.#now;
  }

  /** How many events there were so far, those called off among them. */
  get count(): number {
    return this.#count;
  }

  at(moment: number, run: () => void): Scheduled {
    const event = { at: Math.max(moment, this.#now), order: this.#count++, run };
    push(this.#heap, event);
    return event;
  }

  in(delayMs: number, run: () => void): Scheduled {
    return this.at(this.#now + delayMs, run);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.in(delayMs, resolve));
  }

  /**
   * Lets time go on until something is so.
   *
   * @returns whether it is; otherwise the time is over, or nothing would ever happen again
   */
  run(isSo: () => boolean, untilMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          if (isSo()) return resolve(true);
          if (!this.#next(untilMs)) return resolve(false);
        } catch (error) {
          return reject(error);
        }
        setImmediate(step);
      };
      setImmediate(step);
    });
  }

  #next(untilMs: number): boolean {
    while (this.#heap.length > 0 && this.#heap[0].at <= untilMs) {
      const { at, run } = pop(this.#heap);
      if (run === undefined) continue;
      this.#now = at;
      run();
      return true;
    }
    return false;
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Scheduled[], event: Scheduled): void {
  let at = heap.push(event) - 1;
  for (let above = (at - 1) >> 1; at > 0 && isBefore(event, heap[above]); above = (at - 1) >> 1) {
    heap[at] = heap[above];
    at = above;
  }
  heap[at] = event;
}

function pop(heap: Scheduled[]): Scheduled {
  const [first] = heap;
  const last = heap.pop()!;
  if (heap.length === 0) return first;
  let at = 0;
  for (let below = 1; below < heap.length; below = 2 * at + 1) {
    if (below + 1 < heap.length && isBefore(heap[below + 1], heap[below])) below++;
    if (!isBefore(heap[below], last)) break;
    heap[at] = heap[below];
    at = below;
  }
  heap[at] = last;
  return first;
}
