import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { type Module, violations } from "./support/layers.ts";
import { moduleGraph } from "./support/module_graph.ts";

Deno.test("the program keeps to its layers", async () => {
  deepStrictEqual(violations(await moduleGraph()), []);
});

Deno.test("moduleGraph() finds modules, what they import and their text", async () => {
  const record = (await moduleGraph()).find(({ path }) => path === "lib/protocol/record.ts");
  strictEqual(record?.imports.includes("lib/protocol/problem.ts"), true);
  strictEqual(record.imports.some((it) => /^npm:\/?zod@/.test(it)), true);
  match(record.source, /^\/\*\*/);
});

Deno.test("violations() accepts imports that point downwards", () => {
  const modules = [
    made("main.ts", ["lib/cli/run.ts"]),
    made("lib/cli/run.ts", ["lib/worker/tick.ts", "jsr:@std/cli@1.0.32/parse-args"]),
    made("lib/worker/tick.ts", ["lib/ledger/settle.ts", "npm:@logtape/logtape@2.4.2"]),
    made("lib/ledger/settle.ts", ["lib/protocol/task.ts", "node:path"]),
    made("lib/protocol/task.ts", ["npm:/zod@4.6.7"], "/* Deno.env */ new Date(at); // Date.now"),
    made("lib/process.ts", [], "new Deno.Command(program)"),
    made("workflows/settle.ts", ["lib/ledger/settle.ts"]),
  ];
  deepStrictEqual(violations(modules), []);
});

const breaches: [name: string, module: Module, expected: RegExp][] = [
  ["an import upwards", made("lib/git/a.ts", ["lib/ledger/b.ts"]), /lib\/ledger is not below/],
  ["an import sideways", made("lib/ledger/a.ts", ["lib/executor/b.ts"]), /is not below/],
  ["a workflow on a worker", made("workflows/a.ts", ["lib/worker/b.ts"]), /is not below/],
  ["a workflow on the command line", made("workflows/a.ts", ["lib/cli/b.ts"]), /is not below/],
  ["an import of a test", made("lib/git/a.ts", ["tests/b.ts"]), /outside of the layers/],
  ["a folder without a layer", made("lib/utils/a.ts", []), /belongs to no layer/],
  ["an unknown package", made("lib/git/a.ts", ["npm:left-pad@1.0.0"]), /npm:left-pad/],
  ["a package only for tests", made("lib/git/a.ts", ["npm:fast-check@4.10.2"]), /fast-check/],
  ["a remote module", made("lib/git/a.ts", ["https://example.com/a.ts"]), /example\.com/],
  ["Node's way to start programs", made("lib/git/a.ts", ["node:child_process"]), /child_process/],
  ["a program started elsewhere", made("lib/git/a.ts", [], "new Deno.Command()"), /process\.ts/],
  ["I/O in a pure layer", made("lib/protocol/a.ts", ["node:fs"]), /node:fs/],
  ["a pure layer on git", made("lib/scheduling/a.ts", ["lib/process.ts"]), /lib\/process\.ts/],
  ["Deno in a pure layer", made("lib/protocol/a.ts", [], "Deno.env.get()"), /found Deno/],
  ["a clock in a pure layer", made("lib/protocol/a.ts", [], "x = new Date()"), /new Date\(\)/],
  ["chance in a pure layer", made("lib/scheduling/a.ts", [], "Math.random()"), /Math\.random/],
];

for (const [name, module, expected] of breaches) {
  Deno.test(`violations() reports ${name}`, () => {
    const found = violations([module]);
    strictEqual(found.length, 1);
    match(found[0], expected);
  });
}

Deno.test("violations() reports a circle once", () => {
  const modules = [
    made("lib/git/a.ts", ["lib/git/b.ts"]),
    made("lib/git/b.ts", ["lib/git/c.ts"]),
    made("lib/git/c.ts", ["lib/git/b.ts"]),
  ];
  deepStrictEqual(violations(modules), ["circle: lib/git/b.ts → lib/git/c.ts → lib/git/b.ts"]);
});

function made(path: string, imports: string[], source = ""): Module {
  return { path, imports, source };
}
