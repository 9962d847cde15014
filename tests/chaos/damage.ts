/**
 * Damages a node's local copy, as a power cut or a bad disk does.
 *
 * @module
 */
import { join } from "@std/path";

/** What is damaged, and which of such files; the rest is left as it is. */
export const DAMAGES = {
  truncated_pack: { file: /\/objects\/pack\/.*\.pack$/, keep: 0.5 },
  empty_pack_index: { file: /\/objects\/pack\/.*\.idx$/, keep: 0 },
  empty_ref: { file: /\/refs\/.*\/[^/.]+$|\/packed-refs$/, keep: 0 },
  empty_head: { file: /\/HEAD$/, keep: 0 },
  empty_shallow: { file: /\/shallow$/, keep: 0.5 },
} as const;
export type Damage = keyof typeof DAMAGES;

/**
 * Damages one file.
 *
 * @param home the node's local state
 * @param draw from 0 to less than 1; says which of the files it is
 * @returns the file, or undefined where there is none to damage
 */
export async function damageCopy(
  home: string,
  damage: Damage,
  draw: number,
): Promise<string | undefined> {
  const { file, keep } = DAMAGES[damage];
  const files = (await filesBelow(join(home, "repositories")))
    .filter((path) => path.includes("/copy.git/") && file.test(path)).toSorted();
  if (files.length === 0) return undefined;
  const path = files[Math.floor(draw * files.length)];
  try {
    // Git makes its packs read-only.
    await Deno.chmod(path, 0o600);
    await Deno.truncate(path, Math.floor((await Deno.stat(path)).size * keep));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return path;
}

async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = join(folder, name);
      if (isDirectory) files.push(...await filesBelow(path));
      else files.push(path);
    }
  } catch (error) {
    // The worker makes and removes folders meanwhile.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return files;
}
