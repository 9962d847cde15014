import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { chooseImports, importFlags } from "../../scripts/imports.ts";
import { runDeno } from "../support/run_deno.ts";
import config from "../../deno.json" with { type: "json" };
import fallback from "../../imports.npm.json" with { type: "json" };

const yes = () => Promise.resolve(true);
const no = () => Promise.resolve(false);
const unasked = () => Promise.reject(new Error("asked JSR"));

Deno.test("chooseImports() takes npm when JSR does not answer", async () => {
  strictEqual(await chooseImports(undefined, yes), "jsr");
  strictEqual(await chooseImports("", no), "npm");
});

Deno.test("chooseImports() asks nobody when it is told", async () => {
  strictEqual(await chooseImports("jsr", unasked), "jsr");
  strictEqual(await chooseImports("npm", unasked), "npm");
});

Deno.test("chooseImports() refuses what it does not know", async () => {
  await rejects(chooseImports("cdn", unasked), {
    message: 'reading DGRID_IMPORTS: found "cdn"; use jsr or npm',
  });
});

Deno.test("importFlags() uses the fallback map for npm only", () => {
  deepStrictEqual(importFlags("jsr"), []);
  deepStrictEqual(importFlags("npm"), ["--import-map=imports.npm.json"]);
});

Deno.test("both import maps name the same modules, and the same versions of npm's", () => {
  const own: Record<string, string> = config.imports;
  const other: Record<string, string> = fallback.imports;
  deepStrictEqual(Object.keys(other).sort(), Object.keys(own).sort());
  for (const [name, specifier] of Object.entries(own)) {
    match(specifier, /^(npm|jsr):(@[\w-]+\/)?[\w-]+@\d+\.\d+\.\d+(\/[\w-]+)?$/);
    if (specifier.startsWith("npm:")) strictEqual(other[name], specifier);
  }
});

Deno.test("deno.lock holds every package of both import maps", async () => {
  const { specifiers } = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.lock", import.meta.url)),
  );
  for (const specifier of [...Object.values(config.imports), ...Object.values(fallback.imports)]) {
    const [wanted] = /^(npm|jsr):(@[^/]+\/)?[^/]+/.exec(specifier) ?? [];
    if (wanted !== undefined) strictEqual(wanted in specifiers, true, `${wanted} is not locked`);
  }
});

Deno.test("flags.ts gives up on a registry that never answers", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const folder = await Deno.makeTempDir();
  try {
    const began = performance.now();
    const { code, stdout } = await runDeno(["task", "--quiet", "flags", "imports"], {
      DGRID_IMPORTS: "",
      DENO_DIR: folder,
      JSR_URL: `http://127.0.0.1:${silent.addr.port}/`,
    });
    const seconds = (performance.now() - began) / 1000;
    deepStrictEqual({ code, stdout }, { code: 0, stdout: "npm\n" });
    // It waits for the time limit, and not for as long as the system would let it: two minutes.
    strictEqual(seconds >= 3 && seconds < 60, true, `took ${seconds} s`);
  } finally {
    silent.close();
    await Deno.remove(folder, { recursive: true });
  }
});
