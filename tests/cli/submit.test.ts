import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { queuePath } from "../../lib/protocol/layout.ts";
import { commitFiles } from "../support/git_server.ts";
import { Playground } from "../support/playground.ts";

Deno.test("submit puts tasks of all kinds of files into one commit, and prints their ids", async () => {
  await using place = await Playground.withGrid();
  await place.write("tasks/b.json", '{"task_id": "b", "script": "true", "priority": "high"}');
  await place.write("tasks/old.json", '{"id": "old", "command": "echo ciao", "timeout": 60}');
  await place.write(
    "tasks/lines.jsonl",
    '{"task_id":"l1","script":"x"}\n{"task_id":"l2","script":"y"}',
  );
  await place.write("tasks/note.txt", "not a task");
  await place.write("array.json", '[{"task_id": "007", "module": "export default () => 1"}]');
  const before = await place.tip();
  const done = await place.run(["submit", "tasks", "array.json"]);
  deepStrictEqual(done, { code: 0, stdout: "b\nl1\nl2\nold\n007\n", stderr: "" });
  const log = await place.log(`${before}..main`);
  deepStrictEqual(log, ["submit 5 tasks"]);
  const old = await place.json(queuePath("old", "medium"));
  strictEqual(old.script, "echo ciao");
  strictEqual(old.timeout_seconds, 60);
  strictEqual(old.submitted_by, "tester@example.com");
  strictEqual(new Date(old.created_at as string).toISOString(), old.created_at);
  strictEqual((await place.json(queuePath("b", "high"))).task_id, "b");
});

Deno.test("submit makes a task of options, and an id", async () => {
  await using place = await Playground.withGrid();
  const { code, stdout } = await place.run([
    "submit",
    "--script=echo hi",
    "--image=busybox:1",
    "--priority=low",
    "--timeout=7",
    "--retries=2",
    "--label=gpu=yes",
    '--input={"a": [1]}',
    "--json",
  ]);
  strictEqual(code, 0);
  const { task_ids: [id], commit } = JSON.parse(stdout);
  strictEqual(commit, await place.tip());
  match(id, /^\d{8}-\d{6}-[0-9a-z]{8}$/);
  const { script, image, timeout_seconds, retries, labels, input } = await place.json(
    queuePath(id, "low"),
  );
  deepStrictEqual(
    { script, image, timeout_seconds, retries, labels, input },
    {
      script: "echo hi",
      image: "busybox:1",
      timeout_seconds: 7,
      retries: 2,
      labels: { gpu: "yes" },
      input: { a: [1] },
    },
  );
});

Deno.test("submit reads standard input, and options win over what it says", async () => {
  await using place = await Playground.withGrid();
  const stdin = '{"id": "a", "command": "x", "timeout": 60}\n{"task_id": "b", "script": "y"}\n';
  const { code, stdout } = await place.run(["submit", "-", "--timeout=9"], { stdin });
  deepStrictEqual([code, stdout], [0, "a\nb\n"]);
  strictEqual((await place.json(queuePath("a", "medium"))).timeout_seconds, 9);
  strictEqual((await place.json(queuePath("b", "medium"))).timeout_seconds, 9);
});

Deno.test("submit says everything that is wrong, and pushes nothing", async () => {
  await using place = await Playground.withGrid();
  const tip = await place.tip();
  await place.write("in/good.json", '{"task_id": "good", "script": "true"}');
  await place.write("in/a.json", '{"task_id": "../x", "script": "x", "module": "y"}');
  await place.write(
    "in/b.jsonl",
    '{"script":"x","timeout_seconds":0,"foo":1}\n{bad\n{"image":"x"}',
  );
  await place.write("in/c.json", "not JSON");
  await place.write("in/d.json", '{"task_id": "good", "script": 5}');
  await place.write("in/e.json", '{"task_id": "good", "script": "false"}');
  await place.write("in/f.json", new Uint8Array([0x7b, 0xff, 0x7d]));
  await place.write("in/g.json", JSON.stringify({ script: "x", input: "x".repeat(5_000_000) }));
  const { code, stdout, stderr } = await place.run(["submit", "in"]);
  strictEqual(code, 2);
  strictEqual(stdout, "");
  const expected = [
    /a\.json: task_id: "\.\.\/x": must be 1 to 64 of A-Z/,
    /a\.json: must have either script or module, and has both$/,
    /b\.jsonl: line 1: timeout_seconds: 0: must be an integer from 1 to 86400$/,
    /b\.jsonl: line 1: foo: 1: unknown field$/,
    /b\.jsonl: line 2: must be JSON \(/,
    /b\.jsonl: line 3: must have either script or module, and has neither$/,
    /c\.json: must be JSON \(/,
    /d\.json: script: 5: must be shell text$/,
    /f\.json: must be valid UTF-8$/,
    /g\.json: 5\d{6} bytes: must have at most 1048576 bytes$/,
    /good\.json: task_id: "good": must be unique, and stands in in\/e\.json too$/,
    /^dgrid: 11 problems; mend them and try again$/,
  ];
  const lines = stderr.trimEnd().split("\n");
  strictEqual(lines.length, expected.length, stderr);
  lines.forEach((line, index) => match(line, expected[index]));
  strictEqual(await place.tip(), tip);
});

Deno.test("submit refuses an id that exists, in the queue or with a result", async () => {
  await using place = await Playground.withGrid();
  strictEqual((await place.run(["submit", "--script=x", "--id=a"])).code, 0);
  const tip = await place.tip();
  await place.write(
    "two.json",
    '[{"task_id": "new", "script": "x"}, {"task_id": "a", "script": "x"}]',
  );
  const { code, stderr } = await place.run(["submit", "two.json"]);
  strictEqual(code, 2);
  match(
    stderr,
    /^dgrid: submitting: task_id "a": exists already \(tasks\/queue\/medium\/c\/a\.json\); .*\n$/,
  );
  strictEqual(await place.tip(), tip);
});

Deno.test("submit holds tasks to the grid's ceilings", async () => {
  await using place = await Playground.withGrid();
  await place.commit({
    "dgrid.json": '{"version": 1, "max_timeout_seconds": 100}',
  });
  const tip = await place.tip();
  const { code, stderr } = await place.run(["submit", "--script=x", "--timeout=101"]);
  strictEqual(code, 2);
  match(
    stderr,
    /--script: timeout_seconds: 101: must be at most 100, the grid's max_timeout_seconds\n$/,
  );
  strictEqual(await place.tip(), tip);
});

const misuses: [args: string[], message: RegExp][] = [
  [["submit"], /nothing to submit; give files/],
  [["submit", "a.json", "--script=x"], /more than one kind of task/],
  [["submit", "none.json"], /reading none\.json: no such file/],
  [["submit", "--module=none.js"], /reading none\.js: no such file/],
  [["submit", "."], /reading \.: there is no \*\.json/],
  [["submit", "pair.jsonx", "--id=x"], /--id: there are 2 tasks; leave it out/],
  [["result"], /something is missing; the form is: dgrid result ID/],
  [["status", "x"], /"x" is too much; the form is: dgrid status/],
  [["frobnicate"], /reading the command: "frobnicate": there is none; see: dgrid help/],
  [["help", "frobnicate"], /reading the command: "frobnicate": there is none/],
  [["worker", "--executor=process"], /give --allow-unsandboxed too if that is meant/],
];

Deno.test("wrong usage ends with 2 and one line, before the repository is asked", async () => {
  await using place = await Playground.empty();
  await place.write("pair.jsonx", "[{}, {}]");
  for (const [args, message] of misuses) {
    const { code, stdout, stderr } = await place.run(args, { env: { DGRID_REPO_URL: "/none" } });
    deepStrictEqual([code, stdout, stderr.split("\n").length], [2, "", 2], stderr);
    match(stderr, message);
  }
});

Deno.test("validate checks files and needs no repository", async () => {
  await using place = await Playground.empty();
  await place.write("good.json", '{"id": "a", "command": "true"}');
  await place.write("bad.json", '{"task_id": "a", "script": "x", "retries": 11}');
  const env = { DGRID_REPO_URL: "/none" };
  const good = await place.run(["validate", "good.json"], { env });
  deepStrictEqual(good, { code: 0, stdout: "1 task is valid\n", stderr: "" });
  const bad = await place.run(["validate", "good.json", "bad.json"], { env });
  strictEqual(bad.code, 2);
  match(bad.stderr, /^dgrid: bad\.json: retries: 11: must be an integer from 0 to 10$/m);
});

Deno.test("submit and validate refuse an input that is nested too deep, and show where", async () => {
  await using place = await Playground.withGrid();
  const tip = await place.tip();
  const input = "[".repeat(8_000) + "]".repeat(8_000);
  await place.write("deep.jsonl", `{"script":"x"}\n{"script":"x","input":${input}}`);
  const rule = "must be nested at most 64 levels deep, counted from the task";
  for (const command of ["submit", "validate"]) {
    const { code, stderr } = await place.run([command, "deep.jsonl"]);
    const expected = `dgrid: deep.jsonl: line 2: input: ${"[".repeat(57)}...: ${rule}\n`;
    deepStrictEqual([code, stderr], [2, expected]);
  }
  const { code, stderr } = await place.run(["submit", "--script=x", `--input=${input}`]);
  deepStrictEqual([code, stderr], [2, `dgrid: --script: input: ${"[".repeat(57)}...: ${rule}\n`]);
  strictEqual(await place.tip(), tip);
});

Deno.test("submit and validate take standard input only once", async () => {
  await using place = await Playground.withGrid();
  for (const command of ["submit", "validate"]) {
    const { code, stderr } = await place.run([command, "-", "-"], { stdin: '{"script": "x"}' });
    strictEqual(code, 2);
    match(stderr, /^dgrid: reading the command: - stands for standard input; .*\n$/);
  }
});

Deno.test("what strangers wrote cannot break lines or take the screen over", async () => {
  await using place = await Playground.withGrid();
  const { code, stderr } = await place.run(["validate", "-"], {
    stdin: '{"script": "x", "\\u001b[31mX\\nY": 1}',
  });
  strictEqual(code, 2);
  match(stderr, /^dgrid: standard input: \ufffd\[31mX\ufffdY: .*\n$/);
  await commitFiles(place.folder, place.repo, {
    "tasks/completed/aa/\x1b[31mx.json": "{}",
    "tasks/queue/\x1b[32my.json": "{}",
  });
  for (const command of ["list", "status"]) {
    const shown = await place.run([command]);
    strictEqual(shown.code, 0);
    strictEqual((shown.stdout + shown.stderr).includes("\x1b"), false, command);
  }
});
