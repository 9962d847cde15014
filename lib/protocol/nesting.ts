/**
 * How deep JSON may be nested. `JSON.parse` reads any depth, but `JSON.stringify` and every function
 * that calls itself overflow the stack at a few thousand levels, so what is deeper is refused where
 * it comes in, and everything behind that may call itself.
 *
 * @module
 */

/** A task, and what a module returns, have at most this many lists and objects in each other. */
export const MAX_DEPTH = 64;

/**
 * Whether a JSON value has more than `levels` lists and objects in each other. Safe at any depth, as
 * it goes down no further than so many levels.
 */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (!isContainer(value)) return false;
  if (levels === 0) return true;
  const inside = Array.isArray(value) ? value : Object.values(value);
  return inside.some((inner) => isDeeperThan(inner, levels - 1));
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
