/**
 * The flags that D-GRID runs with: its grants, and how V8 keeps its heap.
 *
 * @module
 */
import { GRANT_FLAGS } from "./grants.ts";

/**
 * Left to itself, V8 collects garbage when the heap has become up to four times what was in use, so a
 * worker that works for long holds ever more until then. With this it collects when a fifth has come
 * on top, for a little more processor time (docs/performance.md).
 */
export const HEAP_FLAG = "--v8-flags=--heap-growing-percent=20";

/** As `deno run` and `deno compile` take them. */
export const RUN_FLAGS: readonly string[] = [...GRANT_FLAGS, HEAP_FLAG];
