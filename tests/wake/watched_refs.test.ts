import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { join } from "@std/path";
import { RefNames } from "../../lib/protocol/layout.ts";
import { isNews, repositoryAt } from "../../lib/wake/watched_refs.ts";
import { bareRepository, plainGit, temporaryFolder } from "../support/git_server.ts";

const names = new RefNames("main", "refs/heads/dgrid");

const EVENTS: [paths: string[], isNews: boolean][] = [
  [["refs/heads/main.lock", "refs/heads/main"], true],
  [["refs/heads/dgrid/live/f"], true],
  [["packed-refs.new", "packed-refs"], true],
  // A folder that was not there before.
  [["refs/heads/dgrid"], true],
  [["refs/heads/dgrid/live"], true],
  [["refs/heads/main.lock"], false],
  [["refs/heads/dgrid/live/f.lock"], false],
  [["refs/heads/dgrid/nodes/n1"], false],
  [["refs/heads/dgrid/nodes"], false],
  [["refs/heads/dgrid/trials/x"], false],
  [["refs/heads/other"], false],
  [["packed-refs.lock"], false],
  [["HEAD"], false],
];

for (const [paths, expected] of EVENTS) {
  Deno.test(`isNews() says ${expected} of ${paths.join(" and ")}`, () => {
    const event = { paths: paths.map((path) => `/srv/grid.git/${path}`) };
    for (const kind of ["create", "modify", "rename"] as const) {
      strictEqual(isNews({ ...event, kind }, "/srv/grid.git", names), expected, kind);
    }
    for (const kind of ["access", "remove", "any", "other"] as const) {
      strictEqual(isNews({ ...event, kind }, "/srv/grid.git", names), false, kind);
    }
  });
}

Deno.test("repositoryAt() finds a repository as Git does", async () => {
  await using folder = await temporaryFolder();
  const bare = await bareRepository(folder.path);
  const work = join(folder.path, "work");
  await plainGit(folder.path, "init", "--quiet", work);
  const found = [bare, `file://${bare}`, bare.slice(0, -".git".length), work].map(repositoryAt);
  const [realBare, realWork] = [await Deno.realPath(bare), await Deno.realPath(work)];
  deepStrictEqual(await Promise.all(found), [realBare, realBare, realBare, join(realWork, ".git")]);
  await rejects(repositoryAt(join(folder.path, "nothing")), Deno.errors.NotFound);
});
