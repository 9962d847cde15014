/**
 * The demo's tasks: an estimate of π by throwing random points at a square, in parts, and three
 * scripts that say where they ran.
 *
 * @module
 */

/** In how many tasks π is estimated. */
export const PI_TASK_COUNT = 24;
const SCRIPT_COUNT = 3;

/** What one of the tasks returns. */
export interface Hits {
  samples: number;
  /** How many points were no further than 1 from the corner. */
  inside: number;
}

/**
 * Counts the points that fall into the quarter circle. Its random numbers are those of `sfc32`
 * (Chris Doty-Humphrey's PractRand), so that the same seed always gives the same answer.
 */
const MODULE = `
export default function ({ seed, part, samples }) {
  const random = sfc32(seed, part);
  let inside = 0;
  for (let i = 0; i < samples; i++) {
    const x = random();
    const y = random();
    if (x * x + y * y <= 1) inside++;
  }
  return { samples, inside };
}

function sfc32(seed, part) {
  let a = seed | 0, b = part | 0, c = 0x9e3779b9 | 0, counter = 1;
  const random = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return (sum >>> 0) / 4294967296;
  };
  // The first numbers still show the seed.
  for (let i = 0; i < 20; i++) random();
  return random;
}
`.trimStart();

/** The tasks that estimate π together. */
export function piTasks(seed: number, samples: number): Record<string, unknown>[] {
  return Array.from({ length: PI_TASK_COUNT }, (_, index) => ({
    task_id: `pi-${String(index + 1).padStart(2, "0")}`,
    module: MODULE,
    input: { seed, part: index + 1, samples },
    timeout_seconds: 60,
  }));
}

/** Tasks for the container engine. */
export function scriptTasks(): Record<string, unknown>[] {
  return Array.from({ length: SCRIPT_COUNT }, (_, index) => ({
    task_id: `container-${index + 1}`,
    script: 'echo "user $(id -u) in a container of its own"',
    timeout_seconds: 60,
    priority: "high",
  }));
}

/** Reads what one of the π tasks returned; undefined where it is anything else. */
export function hitsIn(output: unknown): Hits | undefined {
  const { samples, inside } = (output ?? {}) as Partial<Hits>;
  return Number.isInteger(samples) && Number.isInteger(inside)
    ? { samples: samples!, inside: inside! }
    : undefined;
}
