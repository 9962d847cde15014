import { deepStrictEqual as same, equal, ok, rejects } from "node:assert/strict";
import { join } from "@std/path";
import { Git } from "../../lib/git/git.ts";
import { GitError, gitErrorOf, type GitTrouble, troubleIn } from "../../lib/git/git_error.ts";
import { REMOTE } from "../../lib/git/push.ts";
import { plainGit, temporaryFolder } from "../support/git_server.ts";
import { bytes, hostOf } from "./workshop.ts";

const READ = `fatal: Could not read from remote repository.

Please make sure you have the correct access rights
and the repository exists.`;
const ID = "45b983be36b73c0788dc9cbcb76cbb80fc7bb057";

/** What git 2.39 said, captured; `127.0.0.1` answered as the name of the case tells. */
const CAPTURED: [what: string, trouble: GitTrouble, words: string][] = [
  [
    "git, cut in the middle of a fetch",
    "unreachable",
    "fatal: packet write failed: Broken pipe",
  ],
  [
    "https, a certificate of nobody we know",
    "untrusted",
    "fatal: unable to access 'https://127.0.0.1:1/x.git/': server certificate verification failed. CAfile: none CRLfile: none",
  ],
  [
    "an emptied index of a pack",
    "damaged",
    "error: index file ./objects/pack/pack-0a.idx is too small",
  ],
  [
    "http, nobody listens",
    "unreachable",
    "fatal: unable to access 'http://127.0.0.1:1/x.git/': Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server",
  ],
  [
    "ssh, nobody listens",
    "unreachable",
    `ssh: connect to host 127.0.0.1 port 1: Connection refused\n${READ}`,
  ],
  [
    "git, nobody listens",
    "unreachable",
    "fatal: unable to connect to 127.0.0.1:\n127.0.0.1[0: 127.0.0.1]: errno=Connection refused\n",
  ],
  [
    "http, no such host",
    "unreachable",
    "fatal: unable to access 'http://nosuch.invalid/x.git/': Could not resolve host: nosuch.invalid",
  ],
  [
    "ssh, no such host",
    "unreachable",
    `ssh: Could not resolve hostname nosuch.invalid: Name or service not known\n${READ}`,
  ],
  [
    "git, no such host",
    "unreachable",
    "fatal: unable to look up nosuch.invalid (port 9418) (Name or service not known)",
  ],
  [
    "http, an empty reply",
    "unreachable",
    "fatal: unable to access 'http://127.0.0.1:18000/x.git/': Empty reply from server",
  ],
  ["git, the line closed", "unreachable", READ],
  [
    "ssh, the line closed",
    "unreachable",
    `kex_exchange_identification: Connection closed by remote host\nConnection closed by 127.0.0.1 port 18000\n${READ}`,
  ],
  [
    "http, 503",
    "unreachable",
    "fatal: unable to access 'http://127.0.0.1:18503/x.git/': The requested URL returned error: 503",
  ],
  [
    "http, 429",
    "unreachable",
    "fatal: unable to access 'http://127.0.0.1:18429/x.git/': The requested URL returned error: 429",
  ],
  [
    "a push, the server died",
    "unreachable",
    "send-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly",
  ],
  [
    "http, 401 without credentials",
    "unauthorised",
    "fatal: could not read Username for 'http://127.0.0.1:18401': terminal prompts disabled",
  ],
  [
    "http, 401 with credentials",
    "unauthorised",
    "fatal: Authentication failed for 'http://127.0.0.1:18401/x.git/'",
  ],
  [
    "http, 403",
    "unauthorised",
    "fatal: unable to access 'http://127.0.0.1:18403/x.git/': The requested URL returned error: 403",
  ],
  [
    "ssh, no key",
    "unauthorised",
    `git@127.0.0.1: Permission denied (publickey).\n${READ}`,
  ],
  ["ssh, an unknown host", "unauthorised", `Host key verification failed.\n${READ}`],
  [
    "a path that is another user's",
    "unauthorised",
    `fatal: detected dubious ownership in repository at '/srv/x.git'
To add an exception for this directory, call:

	git config --global --add safe.directory /srv/x.git
${READ}`,
  ],
  [
    "a path where nothing is",
    "no_repository",
    `fatal: '/tmp/nowhere.git' does not appear to be a git repository\n${READ}`,
  ],
  [
    "http, 404",
    "no_repository",
    "fatal: repository 'http://127.0.0.1:18404/x.git/' not found",
  ],
  ["ssh, a host's own words", "no_repository", `ERROR: Repository not found.\n${READ}`],
  [
    "git, not exported",
    "no_repository",
    "fatal: remote error: access denied or repository not exported: /server.git",
  ],
  [
    "a push without atomic",
    "refused",
    "fatal: the receiving end does not support --atomic push\nfatal: the remote end hung up unexpectedly",
  ],
  [
    "a fetch of what is not there",
    "refused",
    `fatal: git upload-pack: not our ref ${ID}\nfatal: remote error: upload-pack: not our ref ${ID}`,
  ],
  ["no local copy", "damaged", "fatal: not a git repository: '/nowhere'"],
  ["an object that is missing", "damaged", `fatal: bad object ${ID}`],
  [
    "an object that is broken",
    "damaged",
    `error: inflate: data stream error (incorrect header check)\nfatal: loose object ${ID} (stored in x) is corrupt`,
  ],
  [
    "a lock that a killed Git left",
    "damaged",
    "fatal: Unable to create '/h/copy.git/shallow.lock': File exists.\n\nAnother git process seems to be running in this repository, e.g.",
  ],
  [
    "a ref's lock that a killed Git left",
    "damaged",
    "error: cannot lock ref 'refs/heads/main': Unable to create '/h/copy.git/refs/heads/main.lock': File exists.",
  ],
  [
    "a lock of the server's",
    "server_failed",
    "remote: error: cannot lock ref 'refs/heads/main': Unable to create '/srv/x.git/refs/heads/main.lock': File exists.",
  ],
  [
    "a ref whose file is empty",
    "damaged",
    "error: cannot lock ref 'refs/heads/main': unable to resolve reference 'refs/heads/main': reference broken",
  ],
  [
    "a pack that is cut off",
    "damaged",
    `error: packfile copy.git/objects/pack/pack-${ID}.pack does not match index\nfatal: missing object ${ID} for refs/heads/main`,
  ],
  [
    "no settings of the local copy",
    "damaged",
    `fatal: '${REMOTE}' does not appear to be a git repository\n${READ}`,
  ],
  ["a comparison with what is missing", "damaged", `fatal: Not a valid commit name ${ID}`],
  ["broken settings", "damaged", "fatal: bad config line 1 in file copy.git/config"],
  ["a broken list of shallow commits", "damaged", "fatal: bad shallow line: x"],
  [
    "a broken list of shallow commits while pushing",
    "damaged",
    "fatal: bad shallow line: x\nfatal: the remote end hung up unexpectedly",
  ],
  [
    "packed refs that are cut off",
    "damaged",
    "fatal: unterminated line in copy.git/packed-refs: x",
  ],
  ["broken packed refs", "damaged", "fatal: unexpected line in copy.git/packed-refs: x"],
  [
    "a push to a repository with another hash",
    "failed",
    "fatal: the receiving end does not support this repository's hash algorithm\nfatal: the remote end hung up unexpectedly",
  ],
  [
    "a full disk",
    "disk_full",
    "fatal: unable to write loose object file: No space left on device",
  ],
  [
    "a full disk, a pack",
    "disk_full",
    "fatal: sha1 file 'objects/pack/tmp_pack_MpTwdz' write error. Out of diskspace\nfast-import: dumping crash report to fast_import_crash_28066",
  ],
  [
    "a full disk, the settings",
    "disk_full",
    "error: failed to write new configuration file /h/copy.git/config.lock",
  ],
  [
    "a full disk while a fetch unpacks",
    "disk_full",
    "fatal: unable to write loose object file: No space left on device\nfatal: unpack-objects failed",
  ],
  [
    "a full disk of the server's",
    "server_failed",
    "remote: fatal: unable to write loose object file: No space left on device        \nerror: remote unpack failed: unpack-objects abnormal exit\nerror: failed to push some refs to '/srv/x.git'",
  ],
  [
    "a full disk of the server's, a pack",
    "server_failed",
    "remote: fatal: sha1 file './objects/tmp_objdir-incoming-c0VHlK/pack/tmp_idx_l8A9T1' write error. Out of diskspace        \nerror: remote unpack failed: index-pack abnormal exit",
  ],
  [
    "a server that may not write",
    "server_failed",
    "error: remote unpack failed: unable to create temporary object directory\nerror: failed to push some refs to '/srv/x.git'",
  ],
  [
    "a fetch from a damaged server",
    "server_failed",
    `remote: error: corrupt loose object '${ID}'        \nremote: fatal: loose object ${ID} (stored in ./objects/39/7c) is corrupt        \nerror: git upload-pack: git-pack-objects died with error.\nfatal: git upload-pack: aborting due to possible repository corruption on the remote side.\nremote: aborting due to possible repository corruption on the remote side. \nfatal: early EOF\nfatal: fetch-pack: invalid index-pack output`,
  ],
  [
    "git, a fetch that was reset in the middle of the pack",
    "unreachable",
    "fatal: read error: Connection reset by peer\nfatal: early EOF\nfatal: fetch-pack: invalid index-pack output",
  ],
  [
    "git, a fetch that was closed in the middle of the pack",
    "unreachable",
    "fetch-pack: unexpected disconnect while reading sideband packet\nfatal: early EOF\nfatal: fetch-pack: invalid index-pack output",
  ],
  [
    "git, a push that was reset in the middle of the pack",
    "unreachable",
    "fatal: sha1 file '<stdout>' write error: Connection reset by peer\nsend-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly",
  ],
  ["git, a look that was cut off", "unreachable", "fatal: expected flush after capabilities"],
  [
    "http, a fetch that was cut off in the middle of the pack",
    "unreachable",
    "error: RPC failed; curl 18 transfer closed with 1501285 bytes remaining to read\nerror: 15053 bytes of body are still expected\nfetch-pack: unexpected disconnect while reading sideband packet\nfatal: early EOF\nfatal: fetch-pack: invalid index-pack output",
  ],
  [
    "http, a fetch without an answer",
    "unreachable",
    "error: RPC failed; curl 56 Recv failure: Connection reset by peer\nfatal: expected 'packfile'",
  ],
  ["http, a fetch with an empty answer", "unreachable", "fatal: expected 'packfile'"],
  [
    "http, a fetch that was changed on the way",
    "unreachable",
    "error: inflate: data stream error (incorrect data check)\nfatal: pack has bad object at offset 147: inflate returned -3\nfatal: fetch-pack: invalid index-pack output",
  ],
  [
    "http, a page in place of the refs",
    "unreachable",
    "fatal: protocol error: bad line length character: <htm",
  ],
  [
    "http, a page in place of a pack",
    "unreachable",
    "fatal: remote-curl: bad line length character: <htm\nfatal: the remote end hung up unexpectedly",
  ],
  [
    "http, a fetch that is answered 502 half-way",
    "unreachable",
    "error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502\nfatal: expected 'packfile'",
  ],
  [
    "http, a push that is answered 429",
    "unreachable",
    "error: RPC failed; HTTP 429 curl 22 The requested URL returned error: 429\nsend-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly\nDone",
  ],
  [
    "http, a push that is too large",
    "refused",
    "error: RPC failed; HTTP 413 curl 22 The requested URL returned error: 413\nsend-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly\nDone",
  ],
  [
    "http, a push that is answered 403",
    "unauthorised",
    "error: RPC failed; HTTP 403 curl 22 The requested URL returned error: 403\nsend-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly\nDone",
  ],
  [
    "http, nothing comes any more",
    "timed_out",
    "error: RPC failed; curl 28 Operation too slow. Less than 1 bytes/sec transferred the last 60 seconds\nfatal: expected flush after ref listing",
  ],
  ["ext::", "failed", "fatal: transport 'ext' not allowed"],
  [
    "ssh that is not installed",
    "failed",
    "fatal: cannot run /nowhere/ssh: No such file or directory\nfatal: unable to fork",
  ],
  ["nothing", "failed", ""],
];

for (const [what, trouble, words] of CAPTURED) {
  Deno.test(`troubleIn() sees ${trouble} in what Git says of: ${what}`, () => {
    equal(troubleIn(words), trouble);
  });
}

Deno.test("troubleIn() takes nothing that the server says of itself for ours", () => {
  const own = "fatal: the remote end hung up unexpectedly";
  equal(troubleIn(`remote: fatal: bad object ${ID}\n${own}`), "unreachable");
  equal(troubleIn(`fatal: bad object ${ID}\n${own}`), "damaged");
});

/** Met with real Git, so that the captures above stay true. */
const ADDRESSES: [address: string, trouble: GitTrouble][] = [
  ["http://127.0.0.1:1/x.git", "unreachable"],
  ["ssh://127.0.0.1:1/x.git", "unreachable"],
  ["git://127.0.0.1:1/x.git", "unreachable"],
  ["/nowhere/x.git", "no_repository"],
  ["file:///nowhere/x.git", "no_repository"],
  ["/", "no_repository"],
  ["ext::sh -c true", "failed"],
];

for (const [address, trouble] of ADDRESSES) {
  Deno.test(`Git.run() throws ${trouble} for ${address}`, async () => {
    await using folder = await temporaryFolder();
    const git = new Git(join(folder.path, "none.git"), hostOf(folder.path));
    await rejects(git.run("looking", ["ls-remote", address]), (error) => {
      ok(error instanceof GitError);
      same([error.trouble, error.exitCode, error.message.split(": ")[0]], [
        trouble,
        128,
        "looking",
      ]);
      return true;
    });
  });
}

Deno.test("Git.run() throws damaged, when the local copy is gone", async () => {
  await using folder = await temporaryFolder();
  const git = new Git(join(folder.path, "none.git"), hostOf(folder.path));
  await rejects(git.run("looking", ["rev-parse", "HEAD"]), {
    message: `looking: fatal: not a git repository: '${git.folder}'`,
    trouble: "damaged",
  });
});

Deno.test("Git.try() gives the exit code of a command that fails", async () => {
  await using folder = await temporaryFolder();
  await plainGit(folder.path, "init", "--quiet", "--bare", "x.git");
  const git = new Git(join(folder.path, "x.git"), hostOf(folder.path));
  equal((await git.try(["config", "--get", "no.such"])).code, 1);
});

function failed(stderr: string, more: { timedOut?: boolean } = {}) {
  const stream = (text: string) => ({ bytes: bytes(text), truncated: false });
  const ended = { code: 128, signal: null, timedOut: false, durationMs: 2_600 };
  return { ...ended, ...more, stdout: stream(""), stderr: stream(stderr) };
}

Deno.test("gitErrorOf() takes the telling lines, as one line", () => {
  equal(
    gitErrorOf("fetching", failed(`hint: look\nfatal: one\n  error: two\n${READ}`)).message,
    "fetching: fatal: one; error: two; fatal: Could not read from remote repository.",
  );
  equal(gitErrorOf("fetching", failed("Killed\n")).message, "fetching: Killed");
  equal(gitErrorOf("fetching", failed(" \n")).message, "fetching: it said nothing");
});

Deno.test("gitErrorOf() cuts long words at 300 characters", () => {
  equal(gitErrorOf("", failed("fatal: " + "x".repeat(999))).message.length, 302);
});

Deno.test("gitErrorOf() says timed_out, whatever else was said", () => {
  const error = gitErrorOf("fetching", failed("fatal: early EOF", { timedOut: true }));
  same([error.message, error.trouble, error.exitCode], [
    "fetching: no answer within 3 s",
    "timed_out",
    128,
  ]);
});

Deno.test("gitErrorOf() calls the line broken, when Git died while it wrote to it", () => {
  const nothing = { bytes: bytes(""), truncated: false };
  const result = { code: 141, stdout: nothing, stderr: nothing, timedOut: false, durationMs: 1 };
  const error = gitErrorOf("reading the refs", { ...result, signal: "SIGPIPE" });
  same([error.trouble, error.message], [
    "unreachable",
    "reading the refs: the connection broke off",
  ]);
});
