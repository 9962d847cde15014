import assert from "node:assert/strict";
import { mustBeWatched } from "../../lib/executor/module_text.ts";
import { endOf, runModule, success } from "./sandbox_fixture.ts";

const WATCHED = [
  `import "node:fs"`,
  `await import("node:fs")`,
  `export * from "node:fs"`,
  `export { readFile }from"node:fs"`,
  `export * from // (\n"node:fs"`,
  `export * from /* ( */ "node:fs"`,
  `import.meta.url`,
  `eval("1")`,
  `new Function("1")`,
  `(() => {}). constructor("1")`,
];

for (const text of WATCHED) {
  Deno.test(`mustBeWatched() says yes to ${JSON.stringify(text)}`, () => {
    assert.equal(mustBeWatched(text), true);
  });
}

Deno.test("mustBeWatched() says no to what only looks like an import", () => {
  const text = `class A { constructor() { this.a = Array.from ("abc"); } }
    export default (n) => n + functional(new A());`;
  assert.equal(mustBeWatched(text), false);
});

/** What makes code from a string without the usual words, as an expression. */
const HIDDEN = [
  `globalThis["ev" + "al"]("imp" + "ort('node:fs')")`,
  `(() => {})["const" + "ructor"]("return imp" + "ort('node:fs')")()`,
  `(async () => {})["const" + "ructor"]("return imp" + "ort('node:fs')")()`,
  `(function* () {})["const" + "ructor"]("return imp" + "ort('node:fs')")().next()`,
  `Reflect.construct((() => {})["const" + "ructor"], ["return imp" + "ort('node:fs')"])()`,
];

for (const expression of HIDDEN) {
  Deno.test(`a module that is not watched is refused ${expression}`, async () => {
    const module = `export default async () => String(await ${expression})`;
    assert.equal(mustBeWatched(module), false);
    const { reason } = await runModule(module);
    assert.match(reason!, /^EvalError: Code generation from strings disallowed/);
  });
}

Deno.test("a module that is not watched imports nothing by escapes and timers", async () => {
  const escaped = `export default () => \\u0069mport("node:fs")`;
  const reExport = `export * fr\\u006fm "node:fs"; export default () => 1`;
  for (const module of [escaped, reExport]) {
    assert.equal(mustBeWatched(module), false);
    assert.match((await runModule(module)).reason!, /SyntaxError: /);
  }
  const timer = `export default () => setTimeout("imp" + "ort('node:fs')", 0)`;
  assert.match((await runModule(timer)).reason!, /must be of type function/);
});

Deno.test("a module finds nothing of Deno's own inside", async () => {
  const module = `export default () => [typeof Deno[Deno.internal], typeof Deno.core,
    Object.getOwnPropertySymbols(Deno).filter((key) => key.description === "Deno.internal").length]`;
  for (const text of [module, `${module} // import`]) {
    assert.deepEqual(endOf(await runModule(text)), success(["undefined", "undefined", 0]));
  }
});

Deno.test("a module that is watched makes code from strings, and that imports nothing", async () => {
  const module = `export default async (text) => await eval(text)`;
  assert.deepEqual(endOf(await runModule(module, { input: "1 + 1" })), success(2));
  const { reason } = await runModule(module, { input: `import("node:fs")` });
  assert.match(reason!, /import of "node:fs": a module in the sandbox may import nothing/);
});
