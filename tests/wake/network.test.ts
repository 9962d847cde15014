import { deepStrictEqual } from "node:assert/strict";
import { join } from "@std/path";
import { GRANT_FLAGS } from "../../lib/grants.ts";
import { temporaryFolder } from "../support/git_server.ts";
import { REPOSITORY } from "../support/module_graph.ts";
import { runDeno } from "../support/run_deno.ts";
import { sourceFlags } from "../support/source_flags.ts";

/** Runs a program with D-GRID's grants in a process of its own, and gives what it printed as JSON. */
async function printedBy(program: string): Promise<unknown> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "program.ts");
  await Deno.writeTextFile(path, program.replaceAll(`"lib/`, `"file://${REPOSITORY}/lib/`));
  const { stdout, stderr } = await runDeno([
    "run",
    "--quiet",
    `--config=${join(REPOSITORY, "deno.json")}`,
    ...sourceFlags().map((flag) => flag.replace("=", `=${REPOSITORY}`)),
    ...GRANT_FLAGS,
    path,
  ]);
  return JSON.parse(stdout || JSON.stringify(stderr));
}

Deno.test("a command that takes and makes no wake-ups has no network when it runs", async () => {
  const program = (env: Record<string, string>) => `
    import { COMMANDS } from "lib/cli/commands.ts";
    import { runCommandLine } from "lib/cli/run_command_line.ts";
    const seen = [];
    const see = async () => void seen.push((await Deno.permissions.query({ name: "net" })).state);
    for (const name of ["submit", "status", "worker"]) COMMANDS[name].run = see;
    await runCommandLine(["submit", "x"], ${JSON.stringify(env)});
    await runCommandLine(["status"], ${JSON.stringify(env)});
    await runCommandLine(["worker"], ${JSON.stringify(env)});
    console.log(JSON.stringify(seen));`;
  const withSecret = { DGRID_WAKE_SECRET: "0123456789abcdef" };
  deepStrictEqual(await printedBy(program(withSecret)), ["granted", "prompt", "prompt"]);
  deepStrictEqual(await printedBy(program({})), ["prompt", "prompt", "prompt"]);
});

Deno.test("a server that listens goes on when the right to the network was given up", async () => {
  const found = await printedBy(`
    import { takeEnvironment } from "lib/environment.ts";
    import { giveUpNetwork } from "lib/grants.ts";
    import { systemClock } from "lib/clock.ts";
    import { HookServer } from "lib/wake/hook_server.ts";
    await takeEnvironment();
    let rings = 0;
    const server = await HookServer.open({ hostname: "127.0.0.1", port: 0 }, {
      secret: "0123456789abcdef", concerns: () => true, ring: () => rings++, clock: systemClock,
    });
    // Whom it lets in now, it must still hear.
    const [hostname, port] = server.where.split(":");
    const caller = await Deno.connect({ hostname, port: Number(port) });
    await giveUpNetwork();
    const refused = await Deno.connect({ hostname, port: Number(port) }).catch(({ name }) => name);
    const call = "POST / HTTP/1.1\\r\\nHost: x\\r\\nX-Gitlab-Token: 0123456789abcdef\\r\\n" +
      "Content-Length: 2\\r\\n\\r\\n{}";
    await caller.write(new TextEncoder().encode(call));
    const answer = await new Response(caller.readable).text();
    await server[Symbol.asyncDispose]();
    console.log(JSON.stringify([refused, answer.split("\\r\\n")[0], rings]));`);
  deepStrictEqual(found, ["NotCapable", "HTTP/1.1 202 Accepted", 1]);
});
