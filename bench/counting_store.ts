/**
 * A store that counts the swaps of its store.
 *
 * @module
 */
import type { RefChange, Store, SwapOutcome } from "../lib/ledger/store.ts";

/** How many swaps there were, and how many somebody else was faster at. */
export interface SwapCounts {
  swaps: number;
  lost: number;
}

/**
 * Counts what becomes of swaps. Each ref that is swapped for itself counts, and an atomic swap of
 * several refs counts once.
 *
 * @param counts is added to
 */
export function countingSwaps(store: Store, counts: SwapCounts): Store {
  const swap: Store["swap"] = async (changes: RefChange[], options) => {
    const outcomes = await store.swap(changes, options);
    const all = [...outcomes.values()];
    counts.swaps += options.atomic ? Math.min(all.length, 1) : all.length;
    const lost = all.filter(isLost).length;
    counts.lost += options.atomic ? Math.min(lost, 1) : lost;
    return outcomes;
  };
  return new Proxy(store, {
    get: (target, name) => {
      if (name === "swap") return swap;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function isLost(outcome: SwapOutcome): boolean {
  return !outcome.done && outcome.why === "lost";
}
