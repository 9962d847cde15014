import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { COMMANDS } from "../../lib/cli/commands.ts";
import { commandHelp, generalHelp } from "../../lib/cli/help.ts";
import { allOptions, belongsTo } from "../../lib/cli/options.ts";
import { readOptions, splitArguments } from "../../lib/cli/parse_command_line.ts";
import { WrongUsage } from "../../lib/cli/problems.ts";
import { VERSION } from "../../lib/cli/version.ts";
import { ENV_NAMES } from "../../lib/environment.ts";

Deno.test("VERSION is that of deno.json", () => strictEqual(VERSION, config.version));

Deno.test("help names every command", () => {
  for (const name of Object.keys(COMMANDS)) ok(generalHelp().includes(`\n  ${name} `), name);
});

Deno.test("help of each command names each of its options, its variable and its fallback", () => {
  for (const [flag, option] of allOptions()) {
    const names = Object.keys(COMMANDS).filter((name) => belongsTo(option, name));
    ok(names.length > 0, `no command takes --${flag}`);
    for (const name of names) {
      const line = commandHelp(name).split("\n").find((line) => line.startsWith(`  --${flag} `));
      ok(line !== undefined && line.includes(option.help), `dgrid help ${name} lacks --${flag}`);
      ok(line.includes(option.variable ?? ""), `dgrid help ${name} lacks ${option.variable}`);
      ok(line.includes(option.fallback ?? ""), `dgrid help ${name} lacks ${option.fallback}`);
    }
  }
});

Deno.test("each option belongs to commands that exist", () => {
  for (const [flag, { commands = [] }] of allOptions()) {
    for (const name of commands) ok(Object.hasOwn(COMMANDS, name), `--${flag}: ${name}`);
  }
});

Deno.test("each variable of an option is read at the start", () => {
  for (const [, { variable }] of allOptions()) {
    if (variable !== undefined) ok(ENV_NAMES.includes(variable), variable);
  }
});

Deno.test("each fallback keeps its option's own rule", () => {
  for (const name of Object.keys(COMMANDS)) readOptions(name, new Map(), {});
});

Deno.test("splitArguments() keeps text that looks like a number", () => {
  const { command, operands, given } = splitArguments(["result", "007", "--id", "0x10"]);
  deepStrictEqual([command, operands, given.get("id")], ["result", ["007"], ["0x10"]]);
});

Deno.test("splitArguments() takes options before and after the command, and operands after --", () => {
  const line = splitArguments(["--repo", "x", "submit", "-", "--wait", "--", "--strange"]);
  deepStrictEqual([line.command, line.operands], ["submit", ["-", "--strange"]]);
  deepStrictEqual([...line.given], [["repo", ["x"]], ["wait", [""]]]);
});

Deno.test("readOptions() prefers the command line to the variable, and that to the fallback", () => {
  const parallel = (args: string[], env: Record<string, string>) =>
    readOptions("worker", splitArguments(["worker", ...args]).given, env).parallel;
  strictEqual(parallel([], {}), 1);
  strictEqual(parallel([], { MAX_PARALLEL_TASKS: "3" }), 3);
  strictEqual(parallel([], { MAX_PARALLEL_TASKS: "" }), 1);
  strictEqual(parallel(["--parallel=5"], { MAX_PARALLEL_TASKS: "bad" }), 5);
});

Deno.test("readOptions() does not mind variables of other commands", () => {
  strictEqual(readOptions("status", new Map(), { MAX_PARALLEL_TASKS: "bad" }).json, false);
});

Deno.test("readOptions() collects labels", () => {
  const { given } = splitArguments(["worker", "--label", "gpu=yes", "--label=zone=a=b"]);
  deepStrictEqual(readOptions("worker", given, {}).label, { gpu: "yes", zone: "a=b" });
});

const refusals: [args: string, env: Record<string, string>, message: RegExp][] = [
  ["status --foo", {}, /: --foo: there is no such option; see: dgrid help$/],
  ["status -x", {}, /: -x: there is no such option/],
  ["worker --parallel", {}, /: --parallel: needs a value, --parallel=N; see: dgrid help worker$/],
  ["worker --parallel --json", {}, /: --parallel: needs a value/],
  ["worker --parallel=0", {}, /: --parallel: "0": must be an integer from 1 to 1024; see/],
  ["worker --parallel=two", {}, /: --parallel: "two": must be an integer from 1 to 1024/],
  ["worker --parallel=1.5", {}, /: --parallel: "1\.5": must be an integer/],
  ["worker", { MAX_PARALLEL_TASKS: "x" }, /: MAX_PARALLEL_TASKS: "x": must be an integer/],
  ["worker --poll-interval=soon", {}, /: --poll-interval: "soon": must be a number of seconds/],
  ["worker --label gpu", {}, /: --label: "gpu": must be KEY=VALUE/],
  ["worker --node-id=../x", {}, /: --node-id: "\.\.\/x": must be 1 to 64 of/],
  ["worker --executor=vm", {}, /: --executor: "vm": must be one of auto, docker, sandbox, process/],
  ["worker --listen=8787", {}, /: --listen: "8787": must be HOST:PORT, as in 127\.0\.0\.1:8787/],
  ["worker --listen=:8787", {}, /: --listen: ":8787": must be HOST:PORT/],
  ["submit --listen=[::1]:1", {}, /: --listen: submit does not take it/],
  ["submit --id=a --id=b", {}, /: --id: is given more than once/],
  ["submit --priority=urgent", {}, /: "urgent": must be one of critical, high, medium, low/],
  ["submit --input={", {}, /: --input: "{": must be JSON \(/],
  ["nodes --parallel=3", {}, /: --parallel: nodes does not take it; see: dgrid help nodes$/],
  ["status --branch=..", {}, /: --branch: "\.\.": must be the name of a branch/],
  ["status --log-level=loud", {}, /: "loud": must be one of debug, info, warning, error/],
];

for (const [args, env, message] of refusals) {
  Deno.test(`dgrid ${args} ${JSON.stringify(env)} is wrong usage`, () => {
    throws(() => {
      const { command, given } = splitArguments(args.split(" "));
      readOptions(command!, given, env);
    }, (error) => error instanceof WrongUsage && message.test(error.message));
  });
}
