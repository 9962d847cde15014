/**
 * The repository's module graph, as Deno itself resolves it.
 *
 * @module
 */
import { join, relative } from "@std/path";
import { fileURLToPath } from "node:url";
import { sourceFlags } from "./source_flags.ts";
import type { Module } from "./layers.ts";

export const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));

/** What we read of the answer of `deno info --json`. */
interface GraphInfo {
  modules: { specifier: string; error?: string; dependencies?: Dependency[] }[];
}

interface Dependency {
  specifier: string;
  code?: Target;
  type?: Target;
}

interface Target {
  specifier?: string;
  error?: string;
}

/** Every module that is part of the program, with the paths of what it imports. */
export async function moduleGraph(): Promise<Module[]> {
  const files = await programFiles();
  const { modules } = await graphInfo(files);
  const own = modules.filter(({ specifier }) => files.has(specifier));
  return await Promise.all(own.map(async ({ specifier, error, dependencies = [] }) => {
    if (error !== undefined) throw new Error(`reading the module graph: ${error}`);
    return {
      path: shortened(specifier),
      imports: [...new Set(dependencies.flatMap(targets))].map(shortened),
      source: await Deno.readTextFile(new URL(specifier)),
    };
  }));
}

/** The URLs of `main.ts` and of everything in `lib/` and `workflows/`. */
async function programFiles(): Promise<Set<string>> {
  const files = new Set<string>();
  const visit = async (folder: string) => {
    for await (const entry of Deno.readDir(join(REPOSITORY, folder))) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) await visit(path);
      else if (/\.m?[jt]sx?$/.test(entry.name)) files.add(urlOf(path));
    }
  };
  for (const folder of ["lib", "workflows"]) await visit(folder);
  return files.add(urlOf("main.ts"));
}

/** Asks Deno about all files at once, through a module that imports them all. */
async function graphInfo(files: Set<string>): Promise<GraphInfo> {
  const root = await Deno.makeTempFile({ prefix: "dgrid-graph-", suffix: ".ts" });
  try {
    const imports = [...files].map((url) => `import ${JSON.stringify(url)};`);
    await Deno.writeTextFile(root, imports.join("\n"));
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--quiet", "--config=deno.json", ...sourceFlags(), root],
      cwd: REPOSITORY,
    }).output();
    if (!success) throw new Error(`deno info: ${new TextDecoder().decode(stderr)}`);
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(root);
  }
}

function targets({ specifier, code, type }: Dependency): string[] {
  const found = [code, type].flatMap((it) => it?.specifier ?? it?.error ?? []);
  return found.length > 0 ? found : [specifier];
}

function urlOf(path: string): string {
  return new URL(`../../${path}`, import.meta.url).href;
}

function shortened(specifier: string): string {
  if (!specifier.startsWith("file:")) return specifier;
  return relative(REPOSITORY, fileURLToPath(specifier));
}
