import { deepStrictEqual as same, equal, notDeepStrictEqual, ok } from "node:assert/strict";
import { join } from "@std/path";
import { temporaryFolder } from "../support/git_server.ts";
import { Chance } from "./chance.ts";
import { damageCopy } from "./damage.ts";
import { planFaults } from "./fault_plan.ts";
import type { Entry, Version } from "./history.ts";
import { parseOptions } from "./options.ts";
import { familyOf, parseStat, stillAlive } from "./processes.ts";
import { recoveriesOf } from "./recovery.ts";
import { KINDS, makeTasks } from "./workload.ts";

Deno.test("planFaults() draws the same faults from the same seed, and every kind of them", () => {
  const plan = (seed: number) => planFaults(new Chance(seed), 6, 120_000);
  same(plan(1), plan(1));
  notDeepStrictEqual(plan(1), plan(2));
  same(new Set(plan(1).map(({ kind }) => kind)).size, 6);
  ok(plan(1).every(({ afterMs }) => afterMs >= 1_000 && afterMs <= 2_000));
  ok(plan(1).reduce((sum, { afterMs }) => sum + afterMs, 0) <= 120_000);
});

Deno.test("makeTasks() makes tasks of every kind, each with an id of its own", () => {
  const tasks = makeTasks(new Chance(1), 0, 300);
  equal(new Set(tasks.map(({ task_id }) => task_id)).size, 300);
  same(new Set(tasks.map(({ kind }) => kind)), new Set(Object.keys(KINDS)));
});

Deno.test("parseStat() reads a process whose name holds spaces and brackets", () => {
  const rest = Array.from({ length: 30 }, (_, index) => String(index + 5)).join(" ");
  same(parseStat(`17 (a) b (c) S 4 ${rest}`), {
    pid: 17,
    parent: 4,
    startTime: "22",
    isZombie: false,
  });
});

Deno.test("familyOf() finds what a process has started, and stillAlive() what is left", async () => {
  const child = new Deno.Command("sh", {
    args: ["-c", "sleep 100 & echo; wait"],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  const family = await familyOf(child.pid);
  equal(family.length, 2);
  equal(family[0].pid, child.pid);
  child.kill("SIGKILL");
  await child.status;
  same(await stillAlive(family), family.slice(1));
  const args = ["-c", 'kill -KILL "$1"', "sh", String(family[1].pid)];
  await new Deno.Command("sh", { args }).output();
  await reader.cancel();
});

Deno.test("damageCopy() shortens one file of a local copy, and no other", async () => {
  await using folder = await temporaryFolder();
  const copy = join(folder.path, "repositories", "x", "0", "copy.git");
  await Deno.mkdir(join(copy, "objects", "pack"), { recursive: true });
  await Deno.writeTextFile(join(copy, "HEAD"), "ref: x\n");
  await Deno.writeTextFile(join(copy, "objects", "pack", "pack-1.pack"), "12345678", {
    mode: 0o444,
  });
  const pack = join(copy, "objects", "pack", "pack-1.pack");
  equal(await damageCopy(folder.path, "truncated_pack", 0.5), pack);
  equal(await Deno.readTextFile(pack), "1234");
  equal(await Deno.readTextFile(join(copy, "HEAD")), "ref: x\n");
  equal(await damageCopy(folder.path, "empty_shallow", 0.5), undefined);
  equal(await damageCopy(join(folder.path, "none"), "empty_head", 0.5), undefined);
});

Deno.test("recoveriesOf() counts from the kill until the task was somebody else's", () => {
  const journal = [
    { atMs: at(5), kind: "kill", node: "a", words: "" },
    { atMs: at(6), kind: "kill", node: "b", words: "" },
    { atMs: at(9), kind: "cut", words: "" },
  ];
  const lost = { attempt: 1, node_id: "a", claimed_at: iso(1), ended_at: iso(15), outcome: "lost" };
  const first: Entry = { ...lost, task_id: "t", status: "claimed", attempts: [] };
  const second: Entry = {
    ...first,
    node_id: "b",
    attempt: 2,
    claimed_at: iso(15),
    attempts: [lost],
  };
  const versions: Version[] = [first, { ...first, status: "cancelling" }, second]
    .map((entry) => ({ commit: "", writer: "", entry }));
  same(recoveriesOf(journal, new Map([["t", versions]])), [
    { task_id: "t", node: "a", waitedMs: 10_000, metCut: true },
  ]);
});

Deno.test("parseOptions() fills in what is not said, and names what is wrong", () => {
  same(parseOptions(["--seed", "7"]), {
    scenario: "chaos",
    minutes: 2,
    seed: 7,
    json: undefined,
  });
  const outage = parseOptions(["--scenario=outage", "--minutes=0.5", "--json=x", "--seed=1"]);
  same(outage, { scenario: "outage", minutes: 0.5, seed: 1, json: "x" });
  for (const bad of [["--minutes=x"], ["--minutes=-1"], ["--scenario=x"], ["--seed=a"], ["x"]]) {
    ok("problem" in parseOptions(bad), bad.join(" "));
  }
});

function at(second: number): number {
  return Date.parse(iso(second));
}

function iso(second: number): string {
  return new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
}
