/** Time as a program feels it; passed in, so that tests can decide it. */
export interface Clock {
  /** The wall clock, for records that people read. Never compared with another machine's. */
  now(): Date;
  /** Milliseconds since some fixed moment; never goes back. For lengths of time. */
  elapsedMs(): number;
  /** Waits that long, or until the signal fires, whichever is first. Never throws. */
  wait(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),
  wait(milliseconds, signal) {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      signal?.addEventListener("abort", done);
    });
  },
};
