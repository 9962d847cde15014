/**
 * How tests start Deno on our modules.
 *
 * @module
 */
import { importFlags } from "../../scripts/imports.ts";

/** The flags that make a Deno started in the repository take modules from where we have them. */
export function sourceFlags(): string[] {
  return importFlags(import.meta.resolve("@std/path").startsWith("jsr:") ? "jsr" : "npm");
}
