import { deepStrictEqual as same, equal, match, ok, rejects, throws } from "node:assert/strict";
import { join } from "@std/path";
import { capture, ProgramMissing, run, start, textOf } from "../lib/process.ts";
import { temporaryFolder } from "./support/git_server.ts";

const PATH = "/usr/local/bin:/usr/bin:/bin";
const sh = (script: string, ...args: string[]) => ["sh", "-c", script, "sh", ...args];
const env = { PATH };

Deno.test("run() gives the exit code and both streams, each by itself", async () => {
  const result = await run(sh("printf out; printf err >&2; exit 7"), { env });
  same([result.code, result.signal, result.timedOut], [7, null, false]);
  same([textOf(result.stdout), textOf(result.stderr)], ["out", "err"]);
  ok(result.durationMs > 0);
});

Deno.test("run() hands on arguments as they are", async () => {
  const odd = ["a b", "*", "$HOME", "'", "", "é\n"];
  const { stdout } = await run(sh('printf "[%s]" "$@"', ...odd));
  equal(textOf(stdout), odd.map((text) => `[${text}]`).join(""));
});

Deno.test("run() gives a program the environment that is named, and nothing of ours", async () => {
  const listed = async (named?: Record<string, string>) => {
    const { stdout } = await run(sh('cat "/proc/$$/environ"'), { env: named });
    return textOf(stdout).split("\0").filter((entry) => entry !== "");
  };
  same(await listed(), []);
  same(await listed({ ONLY: "this one" }), ["ONLY=this one"]);
});

Deno.test("run() starts a program where it is told", async () => {
  await using folder = await temporaryFolder();
  const { stdout } = await run(sh("pwd -P"), { cwd: folder.path });
  equal(textOf(stdout).trim(), await Deno.realPath(folder.path));
});

Deno.test("run() feeds standard input and ends it; it is empty where there is none", async () => {
  const stdin = new Uint8Array(1_000_000).fill(120);
  const { stdout } = await run(sh("exec cat"), { env, stdin });
  equal(stdout.bytes.length, stdin.length);
  equal(textOf((await run(sh("exec cat"), { env })).stdout), "");
});

Deno.test("run() does not mind a program that leaves its input unread", async () => {
  const { code } = await run(sh("exit 3"), { stdin: new Uint8Array(10_000_000) });
  equal(code, 3);
});

Deno.test("run() keeps the first bytes of each stream, and reads the rest", async () => {
  const script = "printf 123456; printf abc >&2; head -c 5000000 /dev/zero; exit 4";
  const { code, stdout, stderr } = await run(sh(script), { env, outputLimitBytes: 4 });
  equal(code, 4);
  same([textOf(stdout), stdout.truncated], ["1234", true]);
  same([textOf(stderr), stderr.truncated], ["abc", false]);
});

for (const [limit, truncated] of [[5, true], [6, false], [7, false]] as const) {
  Deno.test(`run() says truncated ${truncated} for 6 bytes at a limit of ${limit}`, async () => {
    const { stdout } = await run(sh("printf 123; printf 456"), { outputLimitBytes: limit });
    same([textOf(stdout), stdout.truncated], ["123456".slice(0, limit), truncated]);
  });
}

Deno.test("run() kills a program whose time is over", async () => {
  const result = await run(sh("exec sleep 1000"), { env, timeoutMs: 20 });
  same([result.timedOut, result.signal, result.code], [true, "SIGKILL", 137]);
});

Deno.test("run() keeps what was printed before the time was over", async () => {
  const script = "trap '' TERM; echo begun; exec sleep 1000";
  const { timedOut, stdout } = await run(sh(script), { env, timeoutMs: 1_000 });
  same([timedOut, textOf(stdout)], [true, "begun\n"]);
});

Deno.test("run() does not wait for a grandchild that holds the pipes, after a kill", async () => {
  const script = "sleep 1000 & echo $!; wait";
  const result = await run(sh(script), { env, timeoutMs: 1_000 });
  equal(result.timedOut, true);
  const grandchild = textOf(result.stdout).trim();
  match(grandchild, /^\d+$/);
  const { code } = await run(sh('kill -KILL "$1"', grandchild), { env });
  equal(code, 0, "it was still there");
});

Deno.test("run() says who ended a program that a signal ended", async () => {
  const { code, signal, timedOut } = await run(sh("kill -TERM $$"), { env });
  same([code, signal, timedOut], [143, "SIGTERM", false]);
});

Deno.test("run() kills a program and throws the reason, when its signal fires", async () => {
  await using folder = await temporaryFolder();
  const controller = new AbortController();
  const fifo = join(folder.path, "fifo");
  await run(sh('mkfifo "$1"', fifo), { env });
  const ended = run(sh('echo $$ > "$1"; exec sleep 1000', fifo), {
    env,
    signal: controller.signal,
  });
  const pid = (await Deno.readTextFile(fifo)).trim();
  controller.abort(new Error("enough"));
  await rejects(ended, { message: "enough" });
  equal((await run(sh('kill -0 "$1" 2>&-', pid), { env })).code, 1, "it is gone");
});

Deno.test("run() starts nothing, when its signal has fired before", async () => {
  await using folder = await temporaryFolder();
  const signal = AbortSignal.abort(new Error("too late"));
  const touch = sh('touch "$1"', join(folder.path, "x"));
  await rejects(run(touch, { env, signal }), { message: "too late" });
  same([...Deno.readDirSync(folder.path)], []);
});

Deno.test("run() and start() say that a program is not installed", async () => {
  const nowhere = { PATH: "/nowhere" };
  const expected = { name: "ProgramMissing", message: "starting git: it is not installed" };
  await rejects(run(["git"], { env: nowhere }), expected);
  throws(() => start(["git"], { env: nowhere }), expected);
});

Deno.test("run() and start() say that a folder does not exist", async () => {
  const nowhere = { env, cwd: "/nowhere" };
  const expected = {
    name: "ProgramMissing",
    message: "starting git: there is no folder /nowhere",
  };
  await rejects(run(["git"], nowhere), expected);
  throws(() => start(["git"], nowhere), expected);
});

Deno.test("run() says why a program cannot be started", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "sh");
  await Deno.writeTextFile(path, "");
  await rejects(run([path]), (error) => {
    ok(error instanceof ProgramMissing);
    match(error.message, /^starting .*\/sh: (PermissionDenied|NotCapable)/);
    return true;
  });
});

function streamOf(...parts: number[][]): ReadableStream<Uint8Array> {
  const stream = ReadableStream.from(parts.map((part) => Uint8Array.from(part)));
  const bytes = new ReadableStream({
    type: "bytes",
    async start(controller) {
      for await (const part of stream) controller.enqueue(part);
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
  return bytes;
}

Deno.test("capture() keeps what fits, across parts", async () => {
  const kept = await capture(streamOf([1, 2], [3, 4], [5]), 3);
  same(kept, { bytes: Uint8Array.of(1, 2, 3), truncated: true });
  same(await capture(streamOf([1, 2], [3]), 3), {
    bytes: Uint8Array.of(1, 2, 3),
    truncated: false,
  });
  same(await capture(streamOf([1]), 0), { bytes: new Uint8Array(0), truncated: true });
});

Deno.test("textOf() drops a character that the limit cut, and replaces what is no UTF-8", () => {
  const [first, second] = new TextEncoder().encode("é");
  equal(textOf({ bytes: Uint8Array.of(97, first), truncated: true }), "a");
  equal(textOf({ bytes: Uint8Array.of(97, first), truncated: false }), "a\ufffd");
  equal(textOf({ bytes: Uint8Array.of(first, second, 255, 98), truncated: true }), "é\ufffdb");
  equal(textOf({ bytes: new TextEncoder().encode("\ufeffx"), truncated: false }), "\ufeffx");
});

Deno.test("run() does not wait for a grandchild that holds the input of a killed program", async () => {
  const stdin = new Uint8Array(1_000_000);
  const result = await run(["sh", "-c", "sleep 5 | cat"], {
    env,
    stdin,
    timeoutMs: 50,
    ownGroup: true,
  });
  ok(result.timedOut);
  ok(result.durationMs < 4_000, `${result.durationMs} ms`);
});

Deno.test("run() kills what is left of a group, unless the program leaves nothing", async () => {
  const script = "sleep 60 >&- 2>&- & echo $!";
  const isThere = async (leavesNothing: boolean) => {
    const { stdout } = await run(sh(script), { env, ownGroup: true, leavesNothing });
    // What was killed may take a moment to go, and stay as a zombie until its new parent has seen it.
    const state = sh(
      'for i in 1 2 3 4 5 6 7 8 9 10; do case $(cut -d" " -f3 "/proc/$1/stat") in Z | "") exit 1;; esac; ' +
        'sleep 0.05; done; kill -9 "$1"',
    );
    return (await run([...state, textOf(stdout).trim()], { env })).code === 0;
  };
  same([await isThere(false), await isThere(true)], [false, true]);
});

Deno.test("run() kills the group of a program that it killed, whatever that leaves", async () => {
  const options = { env, ownGroup: true, leavesNothing: true, timeoutMs: 1_000 };
  const { stdout } = await run(sh("sleep 60 & echo $!; wait"), options);
  const state = sh('case $(cut -d" " -f3 "/proc/$1/stat") in Z | "") exit 1;; esac; kill -9 "$1"');
  equal((await run([...state, textOf(stdout).trim()], { env })).code, 1, "it is gone");
});
