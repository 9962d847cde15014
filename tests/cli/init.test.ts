import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { join } from "@std/path";
import { bareRepository, commitFiles, plainGit } from "../support/git_server.ts";
import { Playground } from "../support/playground.ts";

const GRID_FILES = [
  "dgrid.json",
  "nodes/.gitkeep",
  "tasks/completed/.gitkeep",
  "tasks/failed/.gitkeep",
  "tasks/queue/.gitkeep",
  "tasks/unapproved/.gitkeep",
];

Deno.test("init makes a repository at a relative path, and does nothing the second time", async () => {
  await using place = await Playground.empty();
  const first = await place.run(["init", "--repo", "grid.git"]);
  strictEqual(first.code, 0);
  match(first.stdout, /^made the bare repository .*\/grid\.git$/m);
  match(first.stderr, /^next: dgrid submit --repo .*\nthen: dgrid worker --repo .*\n$/);
  deepStrictEqual(await place.files(), GRID_FILES);
  strictEqual((await place.json("dgrid.json")).version, 1);
  const tip = await place.tip();
  const second = await place.run(["init", "--json"]);
  deepStrictEqual(JSON.parse(second.stdout).done, []);
  strictEqual(await place.tip(), tip);
});

Deno.test("init adds to a repository what is missing, and touches nothing else", async () => {
  await using place = await Playground.empty();
  const server = await bareRepository(place.folder);
  await commitFiles(place.folder, server, {
    "README.md": "mine",
    "dgrid.json": '{"version": 1, "lease_seconds": 60}',
    "tasks/queue/a.json": '{"id": "a", "command": "true"}',
  });
  const { code, stdout } = await place.run(["init", `--repo=file://${server}`]);
  strictEqual(code, 0);
  match(stdout, /^added nodes\/\.gitkeep$/m);
  strictEqual(/dgrid\.json|queue/.test(stdout), false);
  match(await plainGit(server, "show", "main:dgrid.json"), /"lease_seconds": 60/);
  strictEqual(await plainGit(server, "show", "main:README.md"), "mine");
});

Deno.test("init makes the branch that it is asked for", async () => {
  await using place = await Playground.empty();
  strictEqual((await place.run(["init", "--branch=grid"])).code, 0);
  match(await plainGit(place.repo, "symbolic-ref", "HEAD"), /refs\/heads\/grid/);
  match(await plainGit(place.repo, "ls-tree", "--name-only", "grid"), /^dgrid\.json$/m);
});

Deno.test("init refuses a working copy", async () => {
  await using place = await Playground.empty();
  await plainGit(place.folder, "init", "--quiet", "work");
  const { code, stderr } = await place.run(["init", "--repo=work"]);
  strictEqual(code, 1);
  match(stderr, /^dgrid: setting the grid up: .*\/work is a working copy.*bare repository.*\n$/);
});

Deno.test("init says so when the server refuses", async () => {
  await using place = await Playground.empty();
  const server = await bareRepository(place.folder);
  const hook = join(server, "hooks", "pre-receive");
  await Deno.writeTextFile(hook, "#!/bin/sh\nexit 1\n");
  await Deno.chmod(hook, 0o755);
  const { code, stderr } = await place.run(["init", `--repo=${server}`]);
  strictEqual(code, 1);
  match(stderr, /^dgrid: writing to refs\/heads\/main: .*pre-receive hook declined.*\n$/);
});

Deno.test("init refuses a file, and a folder with other things in it", async () => {
  await using place = await Playground.empty();
  await place.write("things/file", "mine");
  const file = await place.run(["init", "--repo=things/file"]);
  strictEqual(file.code, 2);
  match(file.stderr, /^dgrid: setting the grid up: .*\/things\/file is a file; .*\n$/);
  const folder = await place.run(["init", "--repo=things"]);
  strictEqual(folder.code, 2);
  match(
    folder.stderr,
    /^dgrid: setting the grid up: .*\/things is a folder with other things.*\n$/,
  );
});

Deno.test("init decodes a URL as Git does, and quotes in its hint what has spaces", async () => {
  await using place = await Playground.empty();
  const url = `file://${place.folder}/my%20grid.git`;
  strictEqual((await place.run(["init", `--repo=${url}`])).code, 0);
  const again = await place.run(["init", "--repo=my grid.git"]);
  match(again.stdout, /is a grid already/);
  match(again.stderr, /^next: dgrid submit --repo '.*\/my grid\.git' --script/);
});

Deno.test("init puts the live edge where it is told to, also beside what is there", async () => {
  await using place = await Playground.empty();
  await commitFiles(place.folder, await bareRepository(place.folder), { "README.md": "mine" });
  for (const repo of ["grid.git", "server.git"]) {
    const args = ["init", `--repo=${repo}`, "--ref-prefix=refs/heads/dgrid"];
    for (let run = 0; run < 2; run++) {
      const { code, stderr } = await place.run(args);
      strictEqual(code, 0, stderr);
    }
    const text = await plainGit(join(place.folder, repo), "show", "main:dgrid.json");
    strictEqual(JSON.parse(text).ref_prefix, "refs/heads/dgrid");
  }
});

Deno.test("init leaves the live edge of a grid where it is", async () => {
  await using place = await Playground.withGrid();
  strictEqual((await place.run(["init", "--ref-prefix=refs/dgrid"])).code, 0);
  const { code, stderr } = await place.run(["init", "--ref-prefix=refs/heads/dgrid"]);
  strictEqual(code, 2);
  strictEqual(
    stderr,
    'dgrid: setting the grid up: --ref-prefix: "refs/heads/dgrid": the grid has refs/dgrid ' +
      "already; to change it, stop all workers, settle, and write it into dgrid.json\n",
  );
});

Deno.test("init refuses a prefix that is none, or is on the way to the branch", async () => {
  await using place = await Playground.empty();
  const none = await place.run(["init", "--ref-prefix=dgrid"]);
  strictEqual(none.code, 2);
  match(
    none.stderr,
    /^dgrid: reading the options: --ref-prefix: "dgrid": must be refs\/ and .*\n$/,
  );
  const way = await place.run(["init", "--branch=dgrid/main", "--ref-prefix=refs/heads/dgrid"]);
  strictEqual(way.code, 2);
  match(
    way.stderr,
    /^dgrid: reading the options: --ref-prefix: .*: must not be refs\/heads\/dgrid\/main, lie above/,
  );
});
