/**
 * How this very program can be started once more.
 *
 * @module
 */
import { dirname, join } from "@std/path";
import { fileURLToPath } from "node:url";
import { RUN_FLAGS } from "../../run_flags.ts";

/** The command that starts D-GRID as it was started: from source, as a bundle, or compiled. */
export function ownProgram(): string[] {
  if (Deno.build.standalone) return [Deno.execPath()];
  const main = fileURLToPath(Deno.mainModule);
  const isSource = main.endsWith(".ts");
  const how = isSource ? sourceFlags(dirname(main)) : ["--no-config"];
  return [Deno.execPath(), "run", "--quiet", ...how, ...RUN_FLAGS, main];
}

/** Whatever the first process has loaded is in Deno's cache, so the network is not needed. */
function sourceFlags(folder: string): string[] {
  const fromNpm = !import.meta.resolve("@std/path").startsWith("jsr:");
  const map = fromNpm ? [`--import-map=${join(folder, "imports.npm.json")}`] : [];
  return ["--cached-only", `--config=${join(folder, "deno.json")}`, ...map];
}
