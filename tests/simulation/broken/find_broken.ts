/**
 * Runs the simulation with one rule of the protocol taken out at a time.
 *
 * @module
 */
import { join } from "@std/path";
import { runJobs, type Sum } from "../jobs.ts";
import { runSeed } from "../run_seed.ts";
import { type Variant, VARIANTS } from "./variants.ts";

/** A violation that is not found in so many runs is not found. */
const MOST_SEEDS = 6_000;
const ROOT = new URL("../../../", import.meta.url);
/** What the simulation is made of. */
const PARTS = ["lib", "tests/simulation", "tests/support/memory_grid.ts"];

/**
 * Looks for a violation in each variant, and tells of it.
 *
 * @param name the variant to try; empty for all of them
 * @returns whether all were found
 */
export async function findBroken(name: string): Promise<boolean> {
  const wanted = VARIANTS.filter((variant) => name === "" || variant.name === name);
  if (wanted.length === 0) throw new Error(`looking for variants: there is none named ${name}`);
  let isComplete = true;
  const open = wanted.values();
  const work = async () => {
    for (const variant of open) {
      // One that cannot be tried keeps nobody from trying, and removing, the others.
      const told = await judge(variant).catch((error) => ({
        isFound: false,
        words: error.message,
      }));
      isComplete &&= told.isFound;
      console.log(told.words);
    }
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, work));
  return isComplete;
}

/** Whether the simulation finds out a variant, and how. */
async function judge(variant: Variant): Promise<{ isFound: boolean; words: string }> {
  const { name, rule } = variant;
  const { violation } = await tryVariant(variant);
  if (violation === undefined) {
    const words = `NOT FOUND in ${MOST_SEEDS} seeds: ${name}: without the rule that ${rule}`;
    return { isFound: false, words };
  }
  const { seed, how } = violation;
  const { violations } = await runSeed(seed);
  const isFound = violations.length === 0;
  const words = isFound ? `found by seed ${seed}` : `NOT FOUND: seed ${seed} breaks the whole, too`;
  return { isFound, words: `${words}: ${name}: ${how}` };
}

/** Simulates the program with a variant's change. */
export async function tryVariant(variant: Variant, seeds: number = MOST_SEEDS): Promise<Sum> {
  const folder = await Deno.makeTempDir({ prefix: "dgrid-broken-" });
  try {
    for (const part of PARTS) await copy(part, folder);
    await apply(variant, folder);
    const thread = new URL(`file://${folder}/tests/simulation/thread.ts`);
    return await runJobs(1, seeds, 1, thread);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Takes a rule out of a copy of the program. */
async function apply({ name, file, find, replace }: Variant, folder: string): Promise<void> {
  const path = join(folder, file);
  const text = await Deno.readTextFile(path);
  const times = text.split(find).length - 1;
  if (times !== 1) {
    throw new Error(`breaking ${file} for ${name}: found ${times} times, not once:\n${find}`);
  }
  await Deno.writeTextFile(path, text.replace(find, () => replace));
}

async function copy(part: string, folder: string): Promise<void> {
  const from = new URL(part, ROOT);
  const to = join(folder, part);
  if (!(await Deno.stat(from)).isDirectory) {
    await Deno.mkdir(join(to, ".."), { recursive: true });
    return await Deno.copyFile(from, to);
  }
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) await copy(`${part}/${name}`, folder);
}
