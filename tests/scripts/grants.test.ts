import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { ENV_NAMES } from "../../lib/environment.ts";
import { ENGINE_VARIABLES } from "../../lib/executor/container_engine.ts";
import { gitEnvironment, PASSED_VARIABLES } from "../../lib/git/git_environment.ts";
import { GRANT_FLAGS } from "../../lib/grants.ts";
import { RUN_FLAGS } from "../../lib/run_flags.ts";
import { WAKE_SECRET_VARIABLE } from "../../lib/wake/wake_secret.ts";
import { explainFailure } from "../../scripts/compile.ts";
import { SHEBANG } from "../../scripts/make_executable.ts";
import { runDeno } from "../support/run_deno.ts";

const tasks: Record<string, string | { command: string }> = config.tasks;

Deno.test("GRANT_FLAGS list what is granted, and never everything", () => {
  const flags = GRANT_FLAGS.join(" ");
  match(flags, /--allow-run=\w/);
  strictEqual(/--allow-(all|ffi|import)\b|(^| )-A( |$)/.test(flags), false);
});

Deno.test("the bundle's first line carries the grants and how to keep the heap, and Linux reads it to the end", () => {
  strictEqual(SHEBANG.startsWith("#!/usr/bin/env -S deno run "), true);
  strictEqual(SHEBANG.endsWith(` ${RUN_FLAGS.join(" ")}`), true);
  strictEqual(new TextEncoder().encode(`${SHEBANG}\n`).length <= 255, true);
});

Deno.test("flags.ts prints the grants and how to keep the heap for running", async () => {
  const { stdout, stderr } = await runDeno(["task", "--quiet", "flags", "run"], {
    DGRID_IMPORTS: "jsr",
  });
  deepStrictEqual([stdout, stderr], [`${RUN_FLAGS.join(" ")}\n`, ""]);
});

Deno.test("every task that loads the program takes its flags from flags.ts", () => {
  for (const [name, task] of Object.entries(tasks)) {
    const command = typeof task === "string" ? task : task.command;
    const loads = /main\.ts|simulate\.ts|deno (test|check)/.test(command) || name === "compile";
    strictEqual(loads, /\$\(deno task -q flags (run|test|bench|load)\)/.test(command), name);
    if (command.includes("$(")) {
      strictEqual(command.startsWith("deno task -q flags check && "), true);
    }
    strictEqual(/--allow-all|(^| )-A /.test(command), false, name);
  }
});

Deno.test("a wrong DGRID_IMPORTS stops the task before the program starts", async () => {
  const finished = await runDeno(["task", "--quiet", "dgrid", "version"], {
    DGRID_IMPORTS: "bogus",
  });
  deepStrictEqual(finished, {
    code: 2,
    stdout: "",
    stderr: 'reading DGRID_IMPORTS: found "bogus"; use jsr or npm\n',
  });
});

Deno.test("a task hands its arguments on", async () => {
  const { code, stdout } = await runDeno(["task", "--quiet", "dgrid", "--version"]);
  strictEqual(code, 0);
  match(stdout, /^\d+\.\d+\.\d+\n$/);
});

Deno.test("the README shows the grants as they are", async () => {
  const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  for (const flag of GRANT_FLAGS) {
    if (flag.startsWith("--allow-")) strictEqual(readme.includes(`\`${flag}\``), true, flag);
  }
});

Deno.test("neither git nor the container engine is handed the secret of wake-up calls", () => {
  strictEqual(ENV_NAMES.includes(WAKE_SECRET_VARIABLE), true);
  strictEqual(WAKE_SECRET_VARIABLE in gitEnvironment({ [WAKE_SECRET_VARIABLE]: "x" }), false);
  strictEqual(ENGINE_VARIABLES.includes(WAKE_SECRET_VARIABLE), false);
});

Deno.test("ENV_NAMES has what git is handed, and nothing twice", () => {
  strictEqual(new Set(ENV_NAMES).size, ENV_NAMES.length);
  deepStrictEqual(PASSED_VARIABLES.filter((name) => !ENV_NAMES.includes(name)), []);
});

Deno.test("takeEnvironment() reads our names and gives up the right to read more", async () => {
  const program = `
    import { takeEnvironment } from "./lib/environment.ts";
    const { NODE_ID, SECRET } = await takeEnvironment();
    const { state } = await Deno.permissions.query({ name: "env" });
    console.log(JSON.stringify([NODE_ID, SECRET, state]));`;
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/take.ts`;
    const url = new URL("../../lib/environment.ts", import.meta.url).href;
    await Deno.writeTextFile(path, program.replace("./lib/environment.ts", url));
    const args = ["run", "--no-config", "--no-prompt", "--allow-env", path];
    const { stdout } = await runDeno(args, { NODE_ID: "n1", SECRET: "s" });
    deepStrictEqual(JSON.parse(stdout), ["n1", null, "prompt"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("explainFailure() says where denort can come from", () => {
  const [first, second] = explainFailure(
    "error: Writing deno compile executable\n\nCaused by:\n    0: Could not find denort at '/x'\n" +
      "    1: No such file\n\nStack backtrace:\n   0: <unknown>\n",
  ).split("\n");
  match(
    first,
    /^compiling dist\/dgrid: denort is missing, .* \(Could not find denort at '\/x'\)\.$/,
  );
  match(second, /set DENORT_BIN/);
});

Deno.test("explainFailure() passes on what has nothing to do with denort", () => {
  strictEqual(
    explainFailure("error: Type checking failed.\n"),
    "compiling dist/dgrid: error: Type checking failed.",
  );
});
