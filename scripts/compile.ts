/**
 * Compiles `dist/dgrid`: `compile.ts FLAGS…`, the flags being those that the program runs with.
 *
 * @module
 */
const OUTPUT = "dist/dgrid";

/** What to say when `deno compile` failed with these words. */
export function explainFailure(stderr: string): string {
  const [report] = stderr.split("Stack backtrace:");
  const causes = [...report.matchAll(/^(?:error|\s+\d+): (.+)$/gm)].map(([, cause]) => cause);
  const missing = causes.find((it) => it.includes("denort"));
  if (missing === undefined) return `compiling ${OUTPUT}: ${report.trim()}`;
  return [
    `compiling ${OUTPUT}: denort is missing, the runtime that becomes part of the binary (${missing}).`,
    `Where Deno cannot download it, set DENORT_BIN to the path of a denort ${Deno.version.deno}.`,
    "The bundle needs none: deno task bundle.",
  ].join("\n");
}

async function compile(flags: string[]): Promise<number> {
  const { code, stderr } = await new Deno.Command("deno", {
    args: ["compile", "--quiet", ...flags, `--output=${OUTPUT}`, "main.ts"],
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0" },
    stderr: "piped",
  }).output();
  if (code === 0) return 0;
  console.error(explainFailure(new TextDecoder().decode(stderr)));
  return 1;
}

if (import.meta.main) Deno.exit(await compile(Deno.args));
