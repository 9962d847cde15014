/** A container executor for one test, which must leave no container and no file behind. */
import assert from "node:assert/strict";
import { DockerExecutor } from "../../lib/executor/docker.ts";
import type { Execution } from "../../lib/protocol/result.ts";
import { docker, TEST_IMAGE } from "../support/container_engine.ts";
import { job, NEVER } from "./jobs.ts";

/** Lends an executor to a test. */
export async function withDocker(
  test: (executor: DockerExecutor, workDir: string) => Promise<void>,
): Promise<void> {
  const workDir = await Deno.makeTempDir({ prefix: "dgrid-work-" });
  try {
    await using executor = new DockerExecutor({ env: Deno.env.toObject(), workDir });
    await test(executor, workDir);
    // Who removes leftovers may take the folder with them; the next input makes it again.
    await Deno.mkdir(workDir, { recursive: true });
    assert.deepEqual([...Deno.readDirSync(workDir)], []);
  } finally {
    await Deno.remove(workDir, { recursive: true });
  }
}

/** Runs one script to its end, and sees that its container is gone. */
export async function runScript(
  fields: Record<string, unknown>,
  outputLimitBytes?: number,
): Promise<Execution> {
  const wanted = job(fields, outputLimitBytes);
  const results: Execution[] = [];
  await withDocker(async (executor) => {
    results.push(await executor.run(wanted, NEVER));
  });
  assert.equal(await containersOf(wanted.node_id), "");
  return results[0];
}

/** Lends an image that asks for a volume at `path`. */
export async function withVolume(
  path: string,
  test: (image: string) => Promise<void>,
): Promise<void> {
  const image = `dgrid-test/${crypto.randomUUID()}:1`;
  const { stdout: container } = await docker(["create", TEST_IMAGE, "sh"]);
  try {
    const made = await docker(["commit", "--change", `VOLUME ${path}`, container, image]);
    assert.ok(made.ok, made.stderr);
    await test(image);
  } finally {
    await docker(["rm", container]);
    await docker(["rmi", image]);
  }
}

/** The ids of all containers of a node, running or not. */
export async function containersOf(nodeId: string): Promise<string> {
  const filter = `label=dgrid.node=${nodeId}`;
  const { ok, stdout, stderr } = await docker(["ps", "--all", "--quiet", "--filter", filter]);
  assert.ok(ok, stderr);
  return stdout;
}

/** Waits until a node has a container that runs, and gives its id. */
export async function runningContainerOf(nodeId: string): Promise<string> {
  const filters = ["--filter", `label=dgrid.node=${nodeId}`, "--filter", "status=running"];
  for (let tries = 0; tries < 200; tries++) {
    const { stdout } = await docker(["ps", "--quiet", ...filters]);
    if (stdout !== "") return stdout;
  }
  throw new Error(`${nodeId} has no running container`);
}
