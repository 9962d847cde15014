import assert from "node:assert/strict";
import { containerArgs, type ContainerSpec } from "../../lib/executor/container_args.ts";

const SPEC: ContainerSpec = {
  name: "dgrid-t-1-1-abcd",
  node_id: "n-1",
  task_id: "t-1",
  attempt: 2,
  image: "alpine:3",
  script: "echo hello; --network=host",
  resources: { cpus: 1.5, memory_mb: 100, pids: 32 },
  maxCpus: 8,
  volumes: [],
};

Deno.test("containerArgs() bounds a container in everything", () => {
  assert.deepEqual(containerArgs(SPEC).filter((arg) => !arg.startsWith("--env=")), [
    "run",
    "--name=dgrid-t-1-1-abcd",
    "--label=dgrid.node=n-1",
    "--label=dgrid.task=t-1",
    "--label=dgrid.attempt=2",
    "--init",
    "--rm",
    "--pull=never",
    "--network=none",
    "--read-only",
    "--user=1000:1000",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--log-driver=none",
    "--no-healthcheck",
    "--ulimit=core=0",
    "--pids-limit=32",
    "--memory=100m",
    "--memory-swap=100m",
    "--cpus=1.5",
    "--tmpfs=/tmp:rw,noexec,nosuid,nodev,size=64m,mode=1777",
    "--entrypoint=sh",
    "--",
    "alpine:3",
    "-c",
    "echo hello; --network=host",
  ]);
});

Deno.test("containerArgs() gives no variable a value, when there is no input", () => {
  const variables = containerArgs(SPEC).filter((arg) => arg.startsWith("--env="));
  assert.ok(variables.includes("--env=HTTPS_PROXY") && variables.includes("--env=https_proxy"));
  assert.deepEqual(variables.filter((arg) => arg.indexOf("=", "--env=".length) !== -1), []);
});

Deno.test("containerArgs() mounts the input read-only and says where", () => {
  const args = containerArgs({ ...SPEC, inputFile: "/home/a/in.json" });
  const mount = "--mount=type=bind,source=/home/a/in.json,target=/dgrid/input.json,readonly";
  assert.ok(args.includes(mount));
  assert.ok(args.includes("--env=DGRID_INPUT=/dgrid/input.json"));
});

Deno.test("containerArgs() keeps a path with a comma in one field", () => {
  const args = containerArgs({ ...SPEC, inputFile: '/a,readonly=false,"b".json' });
  const field = '"source=/a,readonly=false,""b"".json"';
  assert.ok(args.includes(`--mount=type=bind,${field},target=/dgrid/input.json,readonly`));
});

Deno.test("containerArgs() covers the image's volumes with a small tmpfs", () => {
  const args = containerArgs({ ...SPEC, volumes: ["/data", "/tmp"] });
  assert.deepEqual(args.filter((arg) => arg.startsWith("--tmpfs=")), [
    "--tmpfs=/tmp:rw,noexec,nosuid,nodev,size=64m,mode=1777",
    "--tmpfs=/data:rw,noexec,nosuid,nodev,size=64m,mode=1777",
  ]);
});

Deno.test("containerArgs() asks for no more processors than there are", () => {
  const resources = { ...SPEC.resources, cpus: 64 };
  assert.ok(containerArgs({ ...SPEC, resources, maxCpus: 2 }).includes("--cpus=2"));
});
