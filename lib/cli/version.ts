/** The version of D-GRID: that of `deno.json`, which a compiled program does not have at hand. */
export const VERSION = "0.1.0";
