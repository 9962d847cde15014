import assert from "node:assert/strict";
import { createExecutor, type ExecutorOptions } from "../../lib/executor/create_executor.ts";
import { ExecutorBroken } from "../../lib/executor/executor.ts";
import { containerTest } from "../support/container_engine.ts";
import { job, NEVER } from "./jobs.ts";

const options = (env: Record<string, string> = Deno.env.toObject()): ExecutorOptions => ({
  workDir: "/nowhere",
  env,
});
const noEngine = { PATH: Deno.env.get("PATH") ?? "", DOCKER_HOST: "unix:///nowhere/docker.sock" };

containerTest(
  "createExecutor(auto) sends scripts to containers, modules to sandboxes",
  async () => {
    await using executor = await createExecutor("auto", options());
    assert.deepEqual(executor.runs, ["script", "module"]);
    const script = await executor.run(job({ script: "id -u" }), NEVER);
    const module = await executor.run(job({ module: "export default () => 7" }), NEVER);
    assert.deepEqual([script.stdout, module.output], ["1000\n", 7]);
  },
);

Deno.test("createExecutor(auto) runs only modules, when no engine answers", async () => {
  await using executor = await createExecutor("auto", options(noEngine));
  assert.deepEqual(executor.runs, ["module"]);
  await assert.rejects(executor.run(job({ script: "true" }), NEVER), ExecutorBroken);
});

Deno.test("createExecutor(docker) throws, when no engine answers", async () => {
  await assert.rejects(createExecutor("docker", options(noEngine)), {
    name: "ExecutorBroken",
    message: 'starting the executor "docker": docker does not answer; ' +
      "start the engine, or take the executor auto or sandbox",
  });
});

Deno.test("createExecutor(process) must be allowed", async () => {
  await assert.rejects(createExecutor("process", options()), ExecutorBroken);
  await using executor = await createExecutor("process", { ...options(), allowUnsandboxed: true });
  assert.deepEqual(executor.runs, ["script"]);
});
