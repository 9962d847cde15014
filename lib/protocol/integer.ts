import { z } from "zod";

/** An integer from `low` to `high`, with one message for everything else. */
export function integer(low: number, high: number): z.ZodInt {
  const error = `must be an integer from ${low} to ${high}`;
  return z.int({ error }).min(low, { error }).max(high, { error });
}
