import { deepStrictEqual as same, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { isFile, isFolder, parseTree } from "../../lib/git/tree.ts";

/** `git cat-file tree` of git 2.39 for a file, a program, a link, a submodule and a folder. */
const CAPTURED = Uint8Array.fromBase64(
  "MTAwNjQ0IGEgYgAy+VwNEkSniyvhurjeF5Bvq7LEqDQwMDAwIGRpcgAhlMr7Jt5cDHqjShnvzoFSjq6RoTEyMDAw" +
    "MCBsaW5rAMGwcw4BM0R7rc/Uf9FE4lSAewbhMTAwNzU1IHJ1bi5zaAAy+VwNEkSniyvhurjeF5Bvq7LEqDE2MDAw" +
    "MCBzdWIASYXbKhfP4iEp3tY5BiAeP38zcuw=",
);

Deno.test("parseTree() reads a tree as Git wrote it", () => {
  same(parseTree(CAPTURED, 20), [
    { mode: "100644", name: "a b", oid: "32f95c0d1244a78b2be1bab8de17906fabb2c4a8" },
    { mode: "040000", name: "dir", oid: "2194cafb26de5c0c7aa34a19efce81528eae91a1" },
    { mode: "120000", name: "link", oid: "c1b0730e0133447badcfd47fd144e254807b06e1" },
    { mode: "100755", name: "run.sh", oid: "32f95c0d1244a78b2be1bab8de17906fabb2c4a8" },
    { mode: "160000", name: "sub", oid: "4985db2a17cfe22129ded63906201e3f7f3372ec" },
  ]);
});

Deno.test("parseTree() of an empty tree is empty", () => {
  same(parseTree(new Uint8Array(0), 20), []);
});

for (let length = 1; length < 31; length++) {
  Deno.test(`parseTree() refuses a tree that is cut off after ${length} bytes`, () => {
    throws(() => parseTree(CAPTURED.subarray(0, length), 20), {
      message: "reading a tree: it is cut off",
    });
  });
}

const entries = fc.array(fc.record({
  mode: fc.constantFrom("100644", "100755", "120000", "040000", "160000"),
  name: fc.string({ minLength: 1, unit: "grapheme" }).filter((name) => !/[\0/]/.test(name)),
  oid: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytes.toHex()),
}, { noNullPrototype: true }));

function written(tree: { mode: string; name: string; oid: string }[]): Uint8Array {
  const parts = tree.flatMap(({ mode, name, oid }) => [
    new TextEncoder().encode(`${mode.replace(/^0/, "")} ${name}\0`),
    Uint8Array.fromHex(oid),
  ]);
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

Deno.test("parseTree() reads back any tree, with ids of 32 bytes too", () => {
  fc.assert(fc.property(entries, (tree) => same(parseTree(written(tree), 32), tree)));
});

Deno.test("parseTree() ends on any bytes, with whole entries or an error", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
    try {
      for (const { oid } of parseTree(body, 20)) equal(oid.length, 40);
    } catch (error) {
      ok(error instanceof Error && error.message === "reading a tree: it is cut off");
    }
  }));
});

const MODES: [mode: string, file: boolean, folder: boolean][] = [
  ["100644", true, false],
  ["100755", true, false],
  ["120000", false, false],
  ["160000", false, false],
  ["040000", false, true],
];

for (const [mode, file, folder] of MODES) {
  Deno.test(`isFile() is ${file} and isFolder() is ${folder} for mode ${mode}`, () => {
    equal(isFile({ mode }), file);
    equal(isFolder({ mode }), folder);
  });
}
