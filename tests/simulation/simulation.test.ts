import {
  deepStrictEqual as same,
  match,
  notDeepStrictEqual,
  ok,
  rejects,
} from "node:assert/strict";
import { tryVariant } from "./broken/find_broken.ts";
import { VARIANTS } from "./broken/variants.ts";
import { runJobs } from "./jobs.ts";
import { missingFrom } from "./kinds.ts";
import { runSeed } from "./run_seed.ts";

Deno.test("the protocol keeps its promises in 200 simulated grids", async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const { violations } = await runSeed(seed);
    same(violations, [], `deno task simulate --seed ${seed}`);
  }
});

Deno.test("runSeed() does the same again, and something else with another seed", async () => {
  const traceOf = async (seed: number) => {
    const trace: string[] = [];
    await runSeed(seed, new Map(), trace);
    return trace;
  };
  for (let seed = 1; seed <= 10; seed++) same(await traceOf(seed), await traceOf(seed));
  notDeepStrictEqual(await traceOf(1), await traceOf(2));
});

for (const name of ["no-owner-check", "cancel-ignored", "own-lease-from-answer"]) {
  Deno.test(`the simulation finds out the protocol without a rule: ${name}`, async () => {
    const { violation } = await tryVariant(VARIANTS.find((variant) => variant.name === name)!, 500);
    ok(violation !== undefined);
    match(violation.how, /^t\d+/);
  });
}

Deno.test("tryVariant() refuses a change whose text does not stand there once", async () => {
  const variant = { ...VARIANTS[0], name: "old", find: "no such text" };
  await rejects(tryVariant(variant), {
    message: `breaking ${variant.file} for old: found 0 times, not once:\nno such text`,
  });
});

Deno.test("each broken variant stands in the program as it is now", async () => {
  for (const { name, file, find } of VARIANTS) {
    const text = await Deno.readTextFile(new URL(`../../${file}`, import.meta.url));
    same(text.split(find).length - 1, 1, name);
  }
});

Deno.test("runJobs() gives the same, however many threads run it", async () => {
  const [one, two] = [await runJobs(1, 120, 1), await runJobs(1, 120, 2)];
  same(new Map([...one.counts].sort()), new Map([...two.counts].sort()));
  same(two.violation, undefined);
});

Deno.test("missingFrom() names what never happened", () => {
  const all = missingFrom(new Map());
  ok(all.includes("clock jumps"));
  ok(all.includes("push: delivered twice"));
  same(missingFrom(new Map(all.slice(1).map((what) => [what, 1]))), all.slice(0, 1));
});
