import { equal } from "node:assert/strict";
import { type Demand, isDue, type Offer, unfitness } from "../../lib/scheduling/eligibility.ts";

const node: Offer = {
  runs: ["module"],
  labels: { gpu: "a100", zone: "eu" },
  cpus: 2,
  memory_mb: 512,
};
const task: Demand = { kind: "module", labels: {}, resources: { cpus: 2, memory_mb: 512 } };

const FITTING: [why: string, demand: Partial<Demand>][] = [
  ["it asks for all that there is", {}],
  ["the node carries its labels", { labels: { gpu: "a100", zone: "eu" } }],
  ["its time has not come, which isDue() tells", { not_before: "9999-01-01T00:00:00Z" }],
];

for (const [why, demand] of FITTING) {
  Deno.test(`unfitness() finds none, when ${why}`, () => {
    equal(unfitness({ ...task, ...demand }, node), undefined);
  });
}

const UNFIT: [demand: Partial<Demand>, reason: string][] = [
  [{ kind: "script" }, "needs a node that runs scripts"],
  [{ labels: { gpu: "h100" } }, "needs the label gpu=h100"],
  [{ labels: { gpu: "a100", disk: "ssd" } }, "needs the label disk=ssd"],
  [{ labels: { toString: "x" } }, "needs the label toString=x"],
  [{ resources: { cpus: 2.01, memory_mb: 1 } }, "needs 2.01 CPUs, the node has 2"],
  [{ resources: { cpus: 1, memory_mb: 513 } }, "needs 513 MB, the node has 512"],
];

for (const [demand, reason] of UNFIT) {
  Deno.test(`unfitness() says: ${reason}`, () => {
    equal(unfitness({ ...task, ...demand }, node), reason);
  });
}

const now = new Date("2026-01-02T03:04:05Z");
const DUE: [notBefore: string | undefined, due: boolean][] = [
  [undefined, true],
  ["2026-01-02T03:04:05Z", true],
  ["2026-01-02T05:04:05+02:00", true],
  ["2026-01-02T03:04:05.001Z", false],
];

for (const [notBefore, due] of DUE) {
  Deno.test(`isDue() is ${due} for ${notBefore}`, () => {
    equal(isDue(notBefore, now), due);
  });
}
