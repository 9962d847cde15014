import { deepStrictEqual as same, equal } from "node:assert/strict";
import { join } from "@std/path";
import { denoCommand, shell } from "../../bench/processes.ts";
import { descendantsIn } from "../../bench/workplace.ts";
import { temporaryFolder } from "../support/git_server.ts";
import { REPOSITORY } from "../support/module_graph.ts";

const STATS = `1 (init) S 0 1 1 0 -1
20 (deno) S 1 20 1 0 -1
21 (nginx: master) S 20 21 21 0 -1
22 (a) R) S 21 21 21 0 -1
23 (git) S 1 23 1 0 -1
19 (git) R 22 19 1 0 -1
`;

Deno.test("descendantsIn() finds children, and theirs, whatever their names and numbers", () => {
  same(descendantsIn(STATS, 20), [21, 22, 19]);
  same(descendantsIn(STATS, 23), []);
});

/** The names in a folder and in those below it. */
async function namesBelow(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    names.push(name, ...isDirectory ? await namesBelow(join(folder, name)).catch(() => []) : []);
  }
  return names;
}

/** The processes whose command names a folder. */
async function processesIn(folder: string): Promise<string[]> {
  const script = 'for it in /proc/[0-9]*/cmdline; do tr "\\0" " " <$it; echo; done 2>/dev/null';
  return (await shell(script)).split("\n").filter((command) => command.includes(folder));
}

Deno.test("benchmarks that are told to end leave no file and no process", async () => {
  await using folder = await temporaryFolder();
  const flags = ["--allow-all"];
  const words = denoCommand(flags, join(REPOSITORY, "bench/main.ts"), ["idle_hour", "--short"]);
  const [program, ...args] = words;
  const env = { TMPDIR: folder.path };
  const streams = { stdin: "null", stdout: "null", stderr: "null" } as const;
  const child = new Deno.Command(program, { args, env, ...streams }).spawn();
  // The server is there, in a process group of its own.
  while (!(await namesBelow(folder.path)).includes("nginx.pid")) await new Promise(setImmediate);
  child.kill("SIGTERM");
  equal((await child.status).code, 143);
  same(await namesBelow(folder.path), []);
  same(await processesIn(folder.path), []);
});
