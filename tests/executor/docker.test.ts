import assert from "node:assert/strict";
import { ContainerEngine, wordsOf } from "../../lib/executor/container_engine.ts";
import { DockerExecutor } from "../../lib/executor/docker.ts";
import { ExecutorBroken } from "../../lib/executor/executor.ts";
import { InputFile } from "../../lib/executor/input_file.ts";
import { containerTest, docker, TEST_IMAGE } from "../support/container_engine.ts";
import {
  containersOf,
  runningContainerOf,
  runScript,
  withDocker,
  withVolume,
} from "./docker_fixture.ts";
import { clientEnd } from "./fake_engine.ts";
import { job, NEVER } from "./jobs.ts";

containerTest("dockerExecutor.run() gives both streams, the exit code and the image", async () => {
  const result = await runScript({ script: "echo out; echo err >&2; exit 3" });
  const { status, exit_code, stdout, stderr, image, reason } = result;
  assert.deepEqual({ status, exit_code, stdout, stderr, image, reason }, {
    status: "failed",
    exit_code: 3,
    stdout: "out\n",
    stderr: "err\n",
    image: "dgrid-test/busybox:1",
    reason: undefined,
  });
  assert.ok(result.duration_ms > 0 && !Number.isNaN(Date.parse(result.started_at!)));
});

containerTest("dockerExecutor.run() cuts each stream, and no character in half", async () => {
  const script = "printf 'ab\\303\\244cd'; printf 'xyz' >&2";
  const { status, stdout, stdout_truncated, stderr, stderr_truncated } = await runScript(
    { script },
    3,
  );
  assert.deepEqual({ status, stdout, stdout_truncated, stderr, stderr_truncated }, {
    status: "success",
    stdout: "ab",
    stdout_truncated: true,
    stderr: "xyz",
    stderr_truncated: false,
  });
});

containerTest("dockerExecutor.run() ends with -2 when the time is over", async () => {
  const result = await runScript({ script: "echo begun; sleep 60", timeout_seconds: 1 });
  const { status, exit_code, stdout, reason } = result;
  assert.deepEqual({ status, exit_code, stdout, reason }, {
    status: "timeout",
    exit_code: -2,
    stdout: "begun\n",
    reason: "stopped after 1 s, its time limit",
  });
  assert.ok(result.duration_ms < 10_000);
});

containerTest("dockerExecutor.run() gives the input as the file DGRID_INPUT", async () => {
  const script = 'cat "$DGRID_INPUT"; echo x 2>/dev/null > "$DGRID_INPUT" || echo read-only';
  const { stdout } = await runScript({ script, input: { a: [1, "ä"] } });
  assert.equal(stdout, '{"a":[1,"ä"]}read-only\n');
});

containerTest("dockerExecutor.run() takes a script of 65536 bytes", async () => {
  const script = `echo long # ${"x".repeat(65_536 - 12)}`;
  assert.equal(script.length, 65_536);
  assert.equal((await runScript({ script })).stdout, "long\n");
});

containerTest("dockerExecutor.run() tells a script's 125 from the engine's", async () => {
  const { status, exit_code } = await runScript({ script: "exit 125" });
  assert.deepEqual({ status, exit_code }, { status: "failed", exit_code: 125 });
});

containerTest(
  "dockerExecutor.run() knows a script's 125 when the engine forgot events",
  async () => {
    await withDocker(async (executor) => {
      const statusOf = async (script: string, events: string[]) => {
        executor.engine.eventsOf = () => Promise.resolve(events);
        return (await executor.run(job({ script }), NEVER)).status;
      };
      assert.equal(await statusOf("echo no >&2; exit 125", []), "failed");
      assert.equal(await statusOf("echo 'docker: no' >&2; exit 125", ["die"]), "failed");
    });
  },
);

containerTest("dockerExecutor.run() rejects an image without sh", async () => {
  const image = `dgrid-test/${crypto.randomUUID()}:1`;
  // The end of a tar archive: it holds no file.
  assert.ok((await docker(["import", "-", image], new Uint8Array(1024))).ok);
  try {
    const { status, exit_code, reason } = await runScript({ script: "true", image });
    assert.deepEqual([status, exit_code, reason], ["rejected", null, `image ${image} has no sh`]);
  } finally {
    await docker(["rmi", image]);
  }
});

containerTest("dockerExecutor.run() leaves a script its own 127", async () => {
  const { status, exit_code } = await runScript({ script: "not-a-program" });
  assert.deepEqual([status, exit_code], ["failed", 127]);
});

Deno.test("inputFile can be gone when it is disposed of", async () => {
  const folder = await Deno.makeTempDir({ prefix: "dgrid-input-" });
  await using _input = await InputFile.write(folder, "input", 1);
  await Deno.remove(folder, { recursive: true });
});

containerTest("dockerExecutor.run() rejects what the engine refuses, in its words", async () => {
  // A volume at a relative path is an error that only the start of a container finds.
  await withVolume("relative", async (image) => {
    const { status, exit_code, reason } = await runScript({ script: "true", image });
    assert.deepEqual({ status, exit_code }, { status: "rejected", exit_code: null });
    // Clients of different versions end the sentence differently.
    assert.match(
      reason!,
      /^docker: Error response .*invalid mount path: 'relative' mount path must/,
    );
  });
});

containerTest("dockerExecutor.run() rejects a missing image, in the engine's words", async () => {
  const image = "localhost:1/dgrid/missing:1";
  const { status, exit_code, reason, duration_ms } = await runScript({ script: "true", image });
  assert.deepEqual({ status, exit_code, duration_ms }, {
    status: "rejected",
    exit_code: null,
    duration_ms: 0,
  });
  assert.match(reason!, /^image localhost:1\/dgrid\/missing:1: Error response from daemon: .+/);
  assert.doesNotMatch(reason!, /\n/);
});

containerTest("dockerExecutor.run() rejects a script with a NUL character", async () => {
  const { status, reason } = await runScript({ script: "echo a\0b" });
  assert.deepEqual([status, reason], ["rejected", "its script contains a NUL character"]);
});

containerTest("dockerExecutor.run() limits, labels and removes on abort", async () => {
  await withDocker(async (executor) => {
    const resources = { cpus: 0.5, memory_mb: 64, pids: 20 };
    const wanted = job({ task_id: "seen", script: "sleep 60", input: 1, resources });
    const stop = new AbortController();
    const running = executor.run(wanted, stop.signal);
    const rejected = assert.rejects(running, { message: "enough" });
    const [container] = JSON.parse(
      (await docker(["inspect", await runningContainerOf(wanted.node_id)])).stdout,
    );
    stop.abort(new Error("enough"));
    await rejected;
    assert.equal(await containersOf(wanted.node_id), "");
    checkConfinement(container, wanted.node_id);
  });
});

// deno-lint-ignore no-explicit-any
function checkConfinement({ HostConfig: host, Config: config }: any, nodeId: string): void {
  assert.equal(host.NetworkMode, "none");
  assert.equal(host.ReadonlyRootfs, true);
  assert.deepEqual(host.CapDrop, ["ALL"]);
  assert.deepEqual(host.SecurityOpt, ["no-new-privileges"]);
  assert.equal(host.PidsLimit, 20);
  assert.equal(host.Memory, 64 * 1024 * 1024);
  assert.equal(host.MemorySwap, 64 * 1024 * 1024);
  assert.equal(host.NanoCpus, 500_000_000);
  assert.equal(host.Init, true);
  assert.equal(host.AutoRemove, true);
  assert.equal(host.LogConfig.Type, "none");
  assert.deepEqual(host.Tmpfs, { "/tmp": "rw,noexec,nosuid,nodev,size=64m,mode=1777" });
  assert.equal(config.User, "1000:1000");
  assert.deepEqual(config.Labels, {
    "dgrid.node": nodeId,
    "dgrid.task": "seen",
    "dgrid.attempt": "1",
  });
}

containerTest("dockerExecutor.run() leaves no container when aborted at any moment", async () => {
  await withDocker(async (executor) => {
    const nodes = [0, 20, 60, 120, 180, 240].map(async (ms) => {
      const wanted = job({ script: "sleep 60" });
      await assert.rejects(executor.run(wanted, AbortSignal.timeout(ms)), { name: "TimeoutError" });
      return wanted.node_id;
    });
    for (const node of await Promise.all(nodes)) assert.equal(await containersOf(node), "");
  });
});

containerTest(
  "dockerExecutor.removeLeftoversOf() removes one node's containers and no other's",
  async () => {
    await withDocker(async (executor) => {
      const [mine, other] = [job({ script: "sleep 60" }), job({ script: "sleep 60" })];
      const stop = new AbortController();
      const first = executor.run(mine, NEVER);
      const second = assert.rejects(executor.run(other, stop.signal), { name: "AbortError" });
      await Promise.all([runningContainerOf(mine.node_id), runningContainerOf(other.node_id)]);
      await executor.removeLeftoversOf(mine.node_id);
      assert.equal((await first).exit_code, 137);
      assert.equal(await containersOf(mine.node_id), "");
      assert.notEqual(await containersOf(other.node_id), "");
      stop.abort();
      await second;
    });
  },
);

Deno.test("dockerExecutor.run() throws ExecutorBroken when no engine answers", async () => {
  const env = { PATH: Deno.env.get("PATH") ?? "", DOCKER_HOST: "unix:///nowhere/docker.sock" };
  const executor = new DockerExecutor({ env, workDir: "/nowhere" });
  assert.equal(await executor.engine.answers(), false);
  await assert.rejects(executor.run(job({ script: "true" }), NEVER), ExecutorBroken);
});

Deno.test("containerEngine.answers() is false when its program is missing", async () => {
  assert.equal(await new ContainerEngine("podman-is-not-here", {}).answers(), false);
});

Deno.test("wordsOf() is never empty", () => {
  assert.equal(
    wordsOf("\nRun 'docker run --help' for more information\n"),
    "the engine gave no reason",
  );
});

/** The commands that an executor's engine is given from now on, by their first words. */
function commandsOf({ engine }: DockerExecutor): string[] {
  const commands: string[] = [];
  const run = engine.run.bind(engine);
  engine.run = (args, options) => {
    commands.push(args[0]);
    return run(args, options);
  };
  return commands;
}

containerTest(
  "dockerExecutor.run() starts no engine command but the run itself, when the image is known",
  async () => {
    await withDocker(async (executor) => {
      await executor.run(job({ script: "true" }), NEVER);
      const commands = commandsOf(executor);
      await Promise.all([1, 2].map(() => executor.run(job({ script: "true" }), NEVER)));
      assert.deepEqual(commands, ["run", "run"]);
    });
  },
);

containerTest("dockerExecutor.prepare() looks at the image before the run", async () => {
  await withDocker(async (executor) => {
    const commands = commandsOf(executor);
    const wanted = job({ script: "true" });
    executor.prepare(wanted);
    assert.equal((await executor.run(wanted, NEVER)).status, "success");
    assert.deepEqual(commands, ["image", "run"]);
  });
});

containerTest("dockerExecutor.prepare() harms nothing, when no run follows", async () => {
  await withDocker((executor) => {
    executor.prepare(job({ script: "true", image: "localhost:1/dgrid/missing:1" }));
    return Promise.resolve();
  });
});

containerTest("dockerExecutor.run() finds an image again that was removed meanwhile", async () => {
  await withDocker(async (executor) => {
    const image = `dgrid-test/${crypto.randomUUID()}:1`;
    await docker(["tag", TEST_IMAGE, image]);
    const wanted = job({ script: "echo ran", image });
    await executor.run(wanted, NEVER);
    await docker(["rmi", image]);
    // In place of a registry: a pull brings it back.
    const run = executor.engine.run.bind(executor.engine);
    const pulls: Promise<unknown>[] = [];
    executor.engine.run = async (args, options) => {
      if (args[0] !== "pull") return await run(args, options);
      pulls.push(docker(["tag", TEST_IMAGE, image]));
      await pulls[0];
      return clientEnd();
    };
    try {
      const { status, stdout } = await executor.run(wanted, NEVER);
      assert.deepEqual([status, stdout, pulls.length], ["success", "ran\n", 1]);
    } finally {
      await docker(["rmi", image]);
    }
  });
});

containerTest("dockerExecutor.run() pulls a removed image once, and says why in vain", async () => {
  await withDocker(async (executor) => {
    const image = `localhost:1/dgrid/${crypto.randomUUID()}:1`;
    await docker(["tag", TEST_IMAGE, image]);
    const wanted = job({ script: "true", image });
    await executor.run(wanted, NEVER);
    await docker(["rmi", image]);
    const commands = commandsOf(executor);
    const { status, reason } = await executor.run(wanted, NEVER);
    assert.equal(status, "rejected");
    assert.match(reason!, new RegExp(`^image ${image}: Error response from daemon`));
    assert.equal(commands.filter((command) => command === "pull").length, 1);
  });
});
