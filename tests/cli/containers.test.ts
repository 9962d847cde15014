/**
 * What becomes of a worker's containers, with the real program and a real engine.
 *
 * @module
 */
import { equal, notEqual } from "node:assert/strict";
import { containersOf, runningContainerOf } from "../executor/docker_fixture.ts";
import { containerTest, TEST_IMAGE } from "../support/container_engine.ts";
import { Playground } from "../support/playground.ts";

containerTest(
  "a worker that was killed removes its container when it starts again, and a cancel the next one",
  async () => {
    await using place = await Playground.withGrid();
    const nodeId = `test-${crypto.randomUUID()}`;
    const work = ["worker", "--executor=docker", "--poll-interval=0.2", `--node-id=${nodeId}`];
    await place.run(["submit", "--id=slow", "--script=sleep 1000", `--image=${TEST_IMAGE}`]);

    const first = place.start(work);
    const left = await runningContainerOf(nodeId);
    first.kill("SIGKILL");
    await first.output();
    const second = place.start(work);
    let now = await runningContainerOf(nodeId);
    while (now === left) now = await runningContainerOf(nodeId);
    notEqual(now, left);

    const cancelled = await place.run(["cancel", "slow", "--wait"]);
    equal(cancelled.code, 0, cancelled.stderr);
    equal(await containersOf(nodeId), "");
    const result = JSON.parse((await place.run(["result", "slow", "--json"])).stdout);
    equal(result.status, "cancelled");
    equal(
      result.attempts.map(({ outcome }: { outcome: string }) => outcome).join(),
      [
        "handed_back",
        "cancelled",
      ].join(),
    );
    second.kill("SIGTERM");
    await second.output();
  },
);
