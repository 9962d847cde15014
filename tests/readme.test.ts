import { doesNotMatch, equal, match, ok } from "node:assert/strict";
import { readOptions, splitArguments } from "../lib/cli/parse_command_line.ts";
import { COMMANDS } from "../lib/cli/commands.ts";
import config from "../deno.json" with { type: "json" };
import { REPOSITORY } from "./support/module_graph.ts";
import { commandTable, optionTable, README, shellBlocks, unpadded } from "./support/readme.ts";

Deno.test("the README's table of commands is the program's", () => {
  ok(unpadded(README).includes(commandTable()), `the README should have:\n${commandTable()}`);
});

Deno.test("the README's table of options is the program's", () => {
  ok(unpadded(README).includes(optionTable()), `the README should have:\n${optionTable()}`);
});

Deno.test("the README's dependencies are those of deno.json", () => {
  for (const specifier of Object.values(config.imports)) {
    const [name] = /^(jsr|npm):(@[^/]+\/)?[^@/]+/.exec(specifier)!;
    ok(unpadded(README).includes(`| \`${name}\` |`), `the README should say why ${name} is there`);
  }
});

Deno.test("each task that the README names exists", () => {
  const named = [...README.matchAll(/npx -y deno@\S+ task (?:-q )?([a-z]+)/g)];
  equal(named.length > 4, true);
  for (const [text, task] of named) {
    ok(Object.hasOwn(config.tasks, task), `${text}: there is no such task`);
    match(text, /deno@2\.9\.6/);
  }
});

Deno.test("each command in the README is one that the program understands", () => {
  const lines = shellBlocks().flatMap((block) => block.match(/^ *dgrid [^()].*$/gm) ?? []);
  ok(lines.length > 8);
  for (const line of lines) {
    const words = line.trim().match(/'[^']*'|"[^"]*"|\S+/g)!.slice(1);
    const { command, given } = splitArguments(words.map((it) => it.replace(/^['"]|['"]$/g, "")));
    ok(command !== undefined && Object.hasOwn(COMMANDS, command), line);
    readOptions(command, given, { DGRID_REPO_URL: "/grid.git" });
  }
});

Deno.test("the README's walk with a repository on disk works as it stands there", async () => {
  const [walk] = shellBlocks("walk");
  const folder = await Deno.makeTempDir({ prefix: "dgrid-test-" });
  try {
    const { code, stdout, stderr } = await new Deno.Command("bash", {
      // The README's reader has npx; here Deno is at hand, and the same one runs the tests.
      args: ["-euo", "pipefail", "-c", walk.replaceAll("npx -y deno@2.9.6", '"$DENO"')],
      cwd: REPOSITORY,
      env: { DENO: Deno.execPath(), TMPDIR: folder, DGRID_HOME: folder, NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const text = new TextDecoder();
    equal(code, 0, text.decode(stderr));
    match(text.decode(stdout), /"product": ?42/);
    match(text.decode(stdout), /tasks\/completed\/[0-9a-f]{2}\/six-times-seven\.json/);
    doesNotMatch(text.decode(stderr), /error/i);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
