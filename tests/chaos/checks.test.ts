import { deepStrictEqual as same, match } from "node:assert/strict";
import { resultPath } from "../../lib/protocol/layout.ts";
import { breaches } from "./checks.ts";
import type { Evidence, Result } from "./evidence.ts";
import type { Entry, Past, Version } from "./history.ts";

const [NONE, ONE, TWO] = ["0", "1", "2"].map((digit) => digit.repeat(40));
const PATH = resultPath("quick-1", "success");
const RESULT: Result = result();

Deno.test("breaches() finds nothing in a task that was claimed, reported and settled", () => {
  same(breaches(evidence()), []);
});

Deno.test("breaches() finds nothing in a task that was taken over", () => {
  const lost = past(1, "a", "lost");
  const second = past(2, "b", "success");
  const versions = [
    version(claimed(past(1, "a"), [])),
    version(claimed(second, [lost])),
    version(finished(second, [lost, second])),
    version(),
  ];
  const result = { ...RESULT, ...second, attempts: [lost, second] };
  same(breaches(evidence({ versions: tasks(versions), results: results(result) })), []);
});

const cases: [name: string, change: Partial<Evidence>, expected: RegExp][] = [
  ["a lost task", { results: new Map() }, /quick-1: has 0 results/],
  [
    "a result of no task",
    { results: new Map([[PATH, result()], ["tasks/completed/00/x.json", result()]]) },
    /00\/x\.json: is the result of no task/,
  ],
  [
    "a second result",
    { resultChanges: [change("A", PATH), change("M", PATH)] },
    /quick-1\.json: its result was not just added once: A .*, M /,
  ],
  [
    "a second result that went to the other folder",
    { resultChanges: [change("A", PATH), change("A", resultPath("quick-1", "failed"))] },
    /not just added once/,
  ],
  [
    "a result that is not what was reported",
    { reports: [{ ...change("A", "results/quick-1.json"), blob: TWO }] },
    /is 1+, its shard had 2+/,
  ],
  [
    "a second report",
    { reports: [change("A", "results/quick-1.json"), change("A", "results/quick-1.json")] },
    /its shard had 1+, 1+/,
  ],
  ["a task in the queue", { files: ["tasks/queue/medium/0/x.json"] }, /x\.json: is left/],
  ["an entry on the live edge", { liveFiles: ["live/0:tasks/x.json"] }, /tasks\/x\.json: is left/],
  ["a wrong end", { results: results({ ...RESULT, status: "failed" }) }, /ended with failed/],
  ["a wrong output", { results: results({ ...RESULT, output: 2 }) }, /gave 2 and not 1/],
  [
    "a task that was given up too soon",
    { results: results({ ...RESULT, status: "lost" }) },
    /given up after 0 owners/,
  ],
  [
    "a task that ran again after it was settled",
    { versions: tasks([...life(), ...life()]) },
    /quick-1: was 2 times on the live edge/,
  ],
  [
    "a report by a former owner",
    {
      versions: tasks([
        version(claimed(past(2, "b"), [past(1, "a", "lost")])),
        version(finished(past(1, "a"), [past(1, "a", "lost"), past(1, "a", "success")])),
        version(),
      ]),
    },
    /quick-1: its result is of a, attempt 1, .*before it stood claimed of b, attempt 2/,
  ],
  [
    "a report by a former owner in the name of the new one",
    {
      versions: tasks([
        version(claimed(past(2, "b"), [past(1, "a", "lost")])),
        version(
          finished(past(2, "b"), [past(1, "a", "lost"), past(2, "b", "success")]),
          "a",
        ),
        version(),
      ]),
    },
    /quick-1: a spoke for b, attempt 2/,
  ],
  [
    "a claim in the name of another",
    { versions: tasks([version(claimed(past(1, "a"), []), "b"), ...life().slice(1)]) },
    /quick-1: b spoke for a, attempt 1/,
  ],
  [
    "a result that ran before it was claimed",
    { results: results({ ...RESULT, started_at: "2025-01-01T00:00:00Z" }) },
    /ran at 2025-01-01T00:00:00Z, and was claimed at/,
  ],
  [
    "a report on a task that nobody had",
    { versions: tasks([version(finished(past(1, "a"), [past(1, "a", "success")])), version()]) },
    /before it stood nothing/,
  ],
  [
    "a change after the end",
    { versions: tasks([...life().slice(0, 2), version(claimed(past(2, "b"), []))]) },
    /changed after it was finished/,
  ],
  [
    "an owner that vanished",
    { versions: tasks([version(claimed(past(1, "b"), [])), ...life()]) },
    /b, attempt 1, .* vanished/,
  ],
  [
    "attempts that do not grow",
    {
      versions: tasks([
        version(claimed(past(1, "b"), [past(2, "a", "lost"), past(1, "a", "lost")])),
      ]),
    },
    /its attempts do not grow: 2, 1/,
  ],
  [
    "a past that was lost",
    {
      versions: tasks([
        version(claimed(past(2, "b"), [past(1, "a", "lost")])),
        version(claimed(past(2, "b"), [])),
      ]),
    },
    /lost some of its past/,
  ],
  [
    "a ref that went back",
    {
      chains: [{
        ref: "r",
        moves: [move(NONE, ONE), move(ONE, TWO)],
        parents: new Map([[ONE, NONE]]),
      }],
    },
    /r: went from 1+ to 2+, which is no child/,
  ],
  [
    "a ref that was moved unseen",
    {
      chains: [{
        ref: "r",
        moves: [move(NONE, ONE), move(TWO, TWO)],
        parents: new Map([[ONE, NONE], [TWO, TWO]]),
      }],
    },
    /r: was moved unseen to 2+/,
  ],
  ["a damaged server", { complaints: ["missing blob"] }, /fsck: missing blob/],
];

for (const [name, differing, expected] of cases) {
  Deno.test(`breaches() finds ${name}`, () => {
    match(breaches(evidence(differing)).join("\n"), expected);
  });
}

function evidence(differing: Partial<Evidence> = {}): Evidence {
  return {
    submissions: [{ task_id: "quick-1", kind: "quick", task: { input: 1 } }],
    maxAttempts: 3,
    files: [PATH, "tasks/queue/.gitkeep"],
    resultChanges: [{ commit: ONE, writer: "a", how: "A", path: PATH, blob: ONE }],
    reports: [change("A", "results/quick-1.json")],
    results: results(result()),
    liveFiles: ["refs/dgrid/live/0:settled"],
    versions: tasks(life()),
    chains: [{ ref: "r", moves: [move(NONE, ONE)], parents: new Map([[ONE, NONE]]) }],
    complaints: [],
    ...differing,
  };
}

function result(): Result {
  const only = past(1, "a", "success");
  return {
    ...only,
    task_id: "quick-1",
    status: "success",
    attempts: [only],
    output: 1,
    started_at: null,
  };
}

function results(result: Result): Map<string, Result> {
  return new Map([[PATH, result]]);
}

function life(): Version[] {
  const only = past(1, "a", "success");
  return [version(claimed(only, [])), version(finished(only, [only])), version()];
}

function tasks(versions: Version[]): Map<string, Version[]> {
  return new Map([["quick-1", versions]]);
}

function version(entry?: Entry, writer = entry?.node_id ?? ""): Version {
  return { commit: ONE, writer, entry };
}

function past(attempt: number, node_id: string, outcome = ""): Past {
  const claimed_at = `2026-01-01T00:00:0${attempt}Z`;
  return { attempt, node_id, claimed_at, ended_at: claimed_at, outcome };
}

function claimed({ attempt, node_id, claimed_at }: Past, attempts: Past[]): Entry {
  return { task_id: "quick-1", status: "claimed", attempt, node_id, claimed_at, attempts };
}

function finished(last: Past, attempts: Past[]): Entry {
  return { ...claimed(last, attempts), status: "finished" };
}

function change(how: string, path: string) {
  return { commit: ONE, writer: "a", how, path, blob: ONE };
}

function move(from: string, to: string) {
  return { ref: "r", from, to };
}
