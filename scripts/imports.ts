/**
 * Where modules come from: JSR as in `deno.json`, or, on a network that does not reach it, npm as in
 * `imports.npm.json`.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };

export type Imports = "jsr" | "npm";

/** After this long without an answer JSR counts as out of reach. */
const JSR_TIMEOUT_MS = 3000;

/** Decides by the variable `DGRID_IMPORTS` or, where that says nothing, by asking JSR. */
export async function chooseImports(
  wanted: string | undefined,
  answers: () => Promise<boolean> = jsrAnswers,
): Promise<Imports> {
  if (wanted === "jsr" || wanted === "npm") return wanted;
  if (wanted) throw new Error(`reading DGRID_IMPORTS: found "${wanted}"; use jsr or npm`);
  return await answers() ? "jsr" : "npm";
}

/** The flags that make Deno take modules from there. Paths are relative to the repository. */
export function importFlags(imports: Imports): string[] {
  return imports === "npm" ? ["--import-map=imports.npm.json"] : [];
}

/**
 * Whether all that we take from JSR can be loaded, from Deno's cache or in time from the network.
 * Deno asks the registry itself, so whatever it was told about proxies and mirrors holds here too.
 */
async function jsrAnswers(): Promise<boolean> {
  const specifiers = Object.values(config.imports).filter((it) => it.startsWith("jsr:"));
  const loaded = Promise.all(specifiers.map((it) => import(it)));
  return await Promise.race([
    loaded.then(() => true, () => false),
    new Promise<boolean>((resolve) => setTimeout(resolve, JSR_TIMEOUT_MS, false)),
  ]);
}
