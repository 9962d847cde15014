import assert from "node:assert/strict";
import { containerTest } from "../support/container_engine.ts";
import { runScript, withVolume } from "./docker_fixture.ts";

containerTest("a fork bomb in a container ends at the limit of processes", async () => {
  const resources = { pids: 16 };
  const script = "bomb() { bomb | bomb & }; bomb; sleep 30";
  const result = await runScript({ script, resources, timeout_seconds: 2 });
  assert.match(result.stderr, /can't fork|Resource temporarily unavailable/);
  assert.notEqual(result.status, "success");
});

containerTest("cat /dev/zero in a container ends when its time is over", async () => {
  const result = await runScript({ script: "cat /dev/zero", timeout_seconds: 1 });
  assert.deepEqual([result.status, result.exit_code], ["timeout", -2]);
  assert.deepEqual([result.stdout.length, result.stdout_truncated], [10_240, true]);
});

containerTest("a container that takes too much memory is killed, and says so", async () => {
  const resources = { memory_mb: 32 };
  const { status, exit_code, reason } = await runScript({ script: "tail /dev/zero", resources });
  assert.deepEqual([status, exit_code], ["failed", 137]);
  assert.equal(reason, "killed for using more than its memory_mb, 32");
});

containerTest("a script in a container writes to /tmp, a little, and nowhere else", async () => {
  const script = `
    echo x > /file || echo "no root"
    echo x > /etc/file || echo "no etc"
    echo 'echo ran' > /tmp/program && chmod +x /tmp/program && /tmp/program || echo "no program"
    dd if=/dev/zero of=/tmp/big bs=1M count=100 2>/dev/null || ls -l /tmp/big | awk '{print $5}'
  `;
  const { stdout, stderr } = await runScript({ script });
  const [root, etc, program, size] = stdout.trim().split("\n");
  assert.deepEqual([root, etc, program], ["no root", "no etc", "no program"]);
  assert.ok(Number(size) > 0 && Number(size) <= 64 * 1024 * 1024, size);
  assert.match(stderr, /Read-only file system/);
});

containerTest("a volume of an image is as small as /tmp", async () => {
  await withVolume("/data", async (image) => {
    const { stdout } = await runScript({ script: "df -m /data | awk 'END { print $2 }'", image });
    assert.equal(stdout, "64\n");
  });
});

containerTest("a script in a container has no network", async () => {
  const script = "ls /sys/class/net; nc -w 2 1.1.1.1 80 < /dev/null || echo unreachable";
  const { stdout, stderr } = await runScript({ script });
  assert.equal(stdout, "lo\nunreachable\n");
  assert.match(stderr, /Network is unreachable/);
});

containerTest("a script in a container is nobody, without rights", async () => {
  const { stdout } = await runScript({
    script: "id -u; grep -E 'CapEff|NoNewPrivs' /proc/self/status",
  });
  assert.equal(stdout, "1000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n");
});

containerTest("a script in a container sees nothing of the host's environment", async () => {
  const config = await Deno.makeTempDir({ prefix: "dgrid-docker-config-" });
  const proxies = { default: { httpProxy: "http://user:secret@proxy:1" } };
  await Deno.writeTextFile(`${config}/config.json`, JSON.stringify({ proxies }));
  const before = Deno.env.get("DOCKER_CONFIG");
  Deno.env.set("DOCKER_CONFIG", config);
  Deno.env.set("DGRID_TEST_SECRET", "secret");
  try {
    const { stdout } = await runScript({ script: "env; cat /proc/1/environ" });
    const names = stdout.split(/[\n\0]/).filter((line) => line !== "").map((line) =>
      line.split("=")[0]
    );
    assert.deepEqual([...new Set(names)].sort(), ["HOME", "HOSTNAME", "PATH", "PWD", "SHLVL"]);
  } finally {
    Deno.env.delete("DGRID_TEST_SECRET");
    if (before === undefined) Deno.env.delete("DOCKER_CONFIG");
    else Deno.env.set("DOCKER_CONFIG", before);
    await Deno.remove(config, { recursive: true });
  }
});

containerTest("a container that prints 1 GB costs no memory", async () => {
  const before = Deno.memoryUsage().rss;
  const result = await runScript({ script: "dd if=/dev/zero bs=1M count=1024 2>/dev/null" });
  assert.deepEqual([result.status, result.stdout_truncated], ["success", true]);
  assert.equal(result.stdout.length, 10_240);
  const grown = (Deno.memoryUsage().rss - before) / 1024 / 1024;
  assert.ok(grown < 100, `grown by ${grown} MiB`);
});
