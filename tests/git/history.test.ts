import { deepStrictEqual as same, equal, ok } from "node:assert/strict";
import { parseHistory } from "../../lib/git/history.ts";
import type { Ledger } from "../../lib/ledger/ledger.ts";
import { GitGrid } from "../support/git_grid.ts";
import { plainGit } from "../support/git_server.ts";

const [A, B, ZERO] = ["a", "b", "0"].map((digit) => digit.repeat(40));
const HEAD = (oid: string, subject: string) =>
  [oid, "1700000000", 'A "B"', "a@b.c", subject, ""].join("\0");

function parsed(text: string) {
  return parseHistory(new TextEncoder().encode(text));
}

Deno.test("parseHistory() reads what git log -z --raw prints", () => {
  const text = HEAD(A, "rm: x") +
    `\n:100644 000000 ${A} ${ZERO} D\0f\0` +
    HEAD(B, "") +
    `\n:000000 100644 ${ZERO} ${A} A\0g "h".json\0` +
    `:100644 100755 ${B} ${A} M\0:i\nj\0`;
  const common = { time: 1_700_000_000, author: { name: 'A "B"', email: "a@b.c" } };
  same(parsed(text), [
    {
      ...common,
      oid: A,
      subject: "rm: x",
      changes: [{ path: "f", before: A, after: undefined }],
    },
    {
      ...common,
      oid: B,
      subject: "",
      changes: [
        { path: 'g "h".json', before: undefined, after: A },
        { path: ":i\nj", before: B, after: A },
      ],
    },
  ]);
  same(parsed(""), []);
});

Deno.test("parseHistory() marks what is no plain file afterwards", () => {
  for (const mode of ["120000", "160000"]) {
    const [{ changes }] = parsed(HEAD(A, "x") + `\n:100644 ${mode} ${A} ${B} T\0f\0`);
    same(changes, [{ path: "f", before: A, after: B, isOdd: true }]);
  }
});

Deno.test("history() takes a merge for the moment when something came to the branch", async () => {
  await using grid = await GitGrid.with();
  await grid.commit({ "other.txt": "1" }, async (work) => {
    await plainGit(work, "commit", "--quiet", "--message=other");
    await plainGit(work, "switch", "--quiet", "--create=side", "HEAD~");
    await Deno.writeTextFile(`${work}/f.json`, "1");
    await plainGit(work, "add", "f.json");
    await plainGit(work, "commit", "--quiet", "--message=on the side");
    await plainGit(work, "switch", "--quiet", "main");
    await plainGit(work, "merge", "--quiet", "--no-ff", "--message=merged", "side");
  });
  const ledger = await grid.open("me");
  await using store = ledger.store;
  await ledger.refresh();
  const tip = { ref: ledger.names.branch, commit: ledger.main.commit };
  const { commits, isWhole } = await store.history(tip, ["f.json"]);
  same([commits.map(({ subject }) => subject), isWhole], [["merged"], true]);
});

Deno.test("history() does not tell of what lies below a path, and takes no path for a pattern", async () => {
  await using grid = await GitGrid.with();
  await grid.commit({ "t.json/deep": "1", "tx.json": "1", ":x.json": "1" });
  const ledger = await grid.open("me");
  await using store = ledger.store;
  await ledger.refresh();
  const tip = { ref: ledger.names.branch, commit: ledger.main.commit };
  equal((await store.history(tip, ["t.json", "t*.json"])).commits.length, 0);
  equal((await store.history(tip, ["tx.json"])).commits.length, 1);
  equal((await store.history(tip, [":x.json"])).commits.length, 1);
});

Deno.test("history() takes a file that was moved for one that went and one that came", async () => {
  await using grid = await GitGrid.with({ "a.json": "the same content", "b.json": "2" });
  await grid.commit({}, async (work) => {
    await plainGit(work, "mv", "a.json", "c.json");
  });
  const ledger = await grid.open("me");
  await using store = ledger.store;
  await ledger.refresh();
  const tip = { ref: ledger.names.branch, commit: ledger.main.commit };
  const [{ changes }] = (await store.history(tip, ["a.json", "c.json"])).commits;
  same(changes.map(({ path, after }) => [path, after === undefined]), [
    ["a.json", true],
    ["c.json", false],
  ]);
});

/** A grid whose branch has so many commits on top of one file, which are in few packs. */
async function longGrid(count: number): Promise<{ grid: GitGrid; ledger: Ledger; first: string }> {
  const grid = await GitGrid.with({ "a.json": "1" });
  const founder = await grid.open("founder");
  await using store = founder.store;
  await founder.refresh();
  const first = founder.main.commit;
  const author = { name: "founder", email: "founder@example.com" };
  const next = await store.write(async (writer) => {
    let parent = first;
    for (let number = 0; number < count; number++) {
      const changes = [{ path: "other", bytes: new TextEncoder().encode(String(number)) }];
      parent = await writer.commit({ parent, message: "other", author, time: number, changes });
    }
    return parent;
  });
  const change = { ref: founder.names.branch, expected: first, next };
  await store.swap([change], { atomic: false });
  const ledger = await grid.open("me");
  await ledger.refresh();
  return { grid, ledger, first };
}

Deno.test("history() does not take the oldest commit that is here for the first", async () => {
  const { grid, ledger, first } = await longGrid(5);
  await using _grid = grid;
  await using store = ledger.store;
  const tip = { ref: ledger.names.branch, commit: ledger.main.commit };
  const { commits } = await store.history(tip, ["a.json"], (found) => found.length > 0);
  same(commits.map(({ oid }) => oid), [first]);
});

Deno.test("history() brings no more of a history than is enough", async () => {
  const { grid, ledger } = await longGrid(150);
  await using _grid = grid;
  await using store = ledger.store;
  const tip = { ref: ledger.names.branch, commit: ledger.main.commit };
  const { isWhole } = await store.history(tip, ["other"], (found) => found.length > 0);
  equal(isWhole, false);
});

Deno.test("history() fetches trees that are not here in one request", async () => {
  const { grid, ledger, first } = await longGrid(20);
  await using _grid = grid;
  await using store = ledger.store;
  const { commit } = ledger.main;
  // The commits come without their trees.
  equal(await store.contains(commit, first, { thorough: true }), true);
  await store.history({ ref: ledger.names.branch, commit }, ["a.json"]);
  let packs = 0;
  for await (const { name, path } of walk(`${grid.folder}/home`)) {
    if (name.endsWith(".pack") && !path.includes("/0/")) packs++;
  }
  ok(packs > 1 && packs < 10, String(packs));
});

/** All files below a folder. */
async function* walk(folder: string): AsyncGenerator<{ name: string; path: string }> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* walk(path);
    else yield { name, path };
  }
}
