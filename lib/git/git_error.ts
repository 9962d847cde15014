import type { RunResult } from "../process.ts";
import { textOf } from "../process.ts";
import { withoutPasswords } from "./without_passwords.ts";

/**
 * What kind of trouble Git met.
 *
 * - `unreachable`: nobody answered, or the answer broke off; later it may work
 * - `unauthorised`: the host wants other credentials
 * - `no_repository`: there is nothing at that address, or nothing that we may see
 * - `refused`: the host answered and said no
 * - `server_failed`: the host answered that something is wrong there: its disk is full, it cannot
 *   write, or its repository is damaged
 * - `untrusted`: the host's certificate is not known here
 * - `damaged`: the local copy cannot be used, so it must be made again
 * - `disk_full`: no room for what should be written
 * - `timed_out`: it took longer than it may
 * - `failed`: anything else
 */
export type GitTrouble =
  | "unreachable"
  | "unauthorised"
  | "no_repository"
  | "refused"
  | "server_failed"
  | "untrusted"
  | "damaged"
  | "disk_full"
  | "timed_out"
  | "failed";

/** A Git command that did not do what it was asked for. */
export class GitError extends Error {
  override name = "GitError";
  constructor(message: string, readonly trouble: GitTrouble, readonly exitCode: number) {
    super(message);
  }
}

/**
 * What the server says of itself. Its lines begin with "remote: ", and none of them is about us: a full
 * disk there is not ours, and damage there is not mended by a new local copy.
 */
const SERVER_FAILED =
  /^remote: .*(no space left|disk quota exceeded|out of diskspace|corrupt|cannot lock ref|read-only file system|internal (server )?error)|corruption on the remote side|remote unpack failed/im;

/** What a shell says of a program that died of SIGPIPE: 128 and the signal's number. */
const SIGPIPE_CODE = 141;

/** Git has one exit code, 128, for all of these; under a pinned locale only its words differ. */
const SIGNS: [GitTrouble, RegExp][] = [
  ["failed", /cannot run .*: no such file or directory|repository's hash algorithm/i],
  // A lock that a killed Git has left.
  ["damaged", /^(fatal|error): .*(unable to create '.*\.lock': file exists|reference broken)/im],
  // The name that the local copy's settings give the server; without them Git takes it for a path.
  ["damaged", /'grid' does not appear to be a git repository/],
  ["refused", /does not support --atomic|HTTP 413/i],
  // Git keeps the reason to itself where it cannot write its settings; it is nearly always this one.
  [
    "disk_full",
    /no space left on device|disk quota exceeded|out of diskspace|failed to write new configuration file/i,
  ],
  ["timed_out", /operation too slow/i],
  ["untrusted", /certificate (verification failed|problem|verify)|self.signed certificate/i],
  [
    "unauthorised",
    /authentication failed|could not read (username|password)|permission denied \(|terminal prompts disabled|error: 40[13]\b|host key verification failed|dubious ownership/i,
  ],
  [
    "no_repository",
    /does not appear to be a git repository|repository .*not found|not found: did you run|no such file or directory|error: 404\b|not exported|access denied or repository/i,
  ],
  // What arrived is no answer of Git's, or only a part of one, or was changed on the way.
  [
    "unreachable",
    /protocol error|info\/refs not valid|transfer closed|bad line length|expected flush after|expected 'packfile'|pack has bad object at offset|pack is corrupted/i,
  ],
  [
    "damaged",
    /bad object|corrupt|loose object|unable to read (tree|sha1)|bad (config|shallow) line|(unexpected|unterminated) line in|does not match index|not a valid commit|not a git repository|invalid object|packfile .* (cannot|does not)|missing (tree|blob|commit|object)|index file .*\.idx|(non-monotonic|wrong) index|is not a pack|shallow file has changed|requires a git repository|packfile .* index unavailable/i,
  ],
  // Last, as the line also breaks when something else is wrong.
  [
    "unreachable",
    /could not resolve|unable to look up|empty reply|couldn't connect|failed to connect|connection (refused|reset|closed|timed out)|unable to connect|network is unreachable|no route to host|early eof|the remote end hung up|unexpected disconnect|operation timed out|error: (429|5\d\d)\b|could not read from remote|RPC failed; curl|packet write failed|broken pipe/i,
  ],
  ["refused", /remote rejected|pre-receive hook declined|not our ref|filtering not recognized/i],
];

/** Turns a failed run of Git into an error with its kind, its exit code and its own last words. */
export function gitErrorOf(action: string, result: RunResult): GitError {
  const words = textOf(result.stderr).trim();
  if (result.timedOut) {
    return new GitError(
      `${action}: no answer within ${Math.round(result.durationMs / 1000)} s`,
      "timed_out",
      result.code,
    );
  }
  // Git dies of this signal, without a word, when the other side closes the line while it writes.
  if (result.code === SIGPIPE_CODE) {
    return new GitError(`${action}: the connection broke off`, "unreachable", result.code);
  }
  return new GitError(`${action}: ${lastWords(words)}`, troubleIn(words), result.code);
}

/** Sorts what Git said into a kind of trouble. */
export function troubleIn(words: string): GitTrouble {
  if (SERVER_FAILED.test(words)) return "server_failed";
  const own = words.replace(/^remote: .*$/gm, "");
  return SIGNS.find(([, sign]) => sign.test(own))?.[0] ?? "failed";
}

/** The lines that say what went wrong, as one line of at most 300 characters. */
export function lastWords(words: string): string {
  const lines = words.split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("error: failed to push some refs"));
  const telling = lines.filter((line) =>
    /^(fatal|error|remote|ssh|host key|.*permission denied)/i.test(line)
  );
  const chosen = telling.length > 0 ? telling : lines;
  return withoutPasswords(chosen.slice(0, 3).join("; ")).slice(0, 300) || "it said nothing";
}
