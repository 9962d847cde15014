/**
 * By which hash a repository names its objects. A local copy must use the one that the server uses.
 *
 * @module
 */
import { textOf } from "../process.ts";
import { type Git, TIME_LIMITS } from "./git.ts";
import { GitError, gitErrorOf } from "./git_error.ts";
import { REMOTE } from "./push.ts";

/** As `git init --object-format` takes it. */
export type ObjectFormat = "sha1" | "sha256";

/** The local copy uses another hash than the server, so it must be made again. */
export class OtherFormat extends GitError {
  constructor(readonly format: ObjectFormat) {
    super(`reading the refs: the repository uses ${format}, the local copy does not`, "damaged", 0);
  }
}

/** Something answered that is no Git server, such as the login page of a network. */
export function notGit(action: string): GitError {
  return new GitError(`${action}: what answered is no Git server`, "unreachable", 0);
}

/** The format of an object's name, which is as long as the hash. */
export function formatOf(oid: string): ObjectFormat {
  return oid.length === 64 ? "sha256" : "sha1";
}

/**
 * Asks the server for its refs and its format. Needed where no ref tells the format: Git itself is
 * told, but says so only in its trace.
 *
 * @returns the refs as `git ls-remote` prints them
 * @throws {GitError} when it fails, also when what answers is no Git server
 */
export async function askFormat(
  git: Git,
  patterns: string[] = ["HEAD"],
): Promise<{ format: ObjectFormat; refs: Uint8Array }> {
  const tracing = git.at(git.folder, { GIT_TRACE_PACKET: "1" });
  const options = { timeoutMs: TIME_LIMITS.look };
  const result = await tracing.try(["ls-remote", "--refs", REMOTE, ...patterns], options);
  if (result.code !== 0) throw gitErrorOf("asking for the object format", result);
  const trace = textOf(result.stderr);
  // Over HTTP Git takes anything without a line for the list of refs of an empty repository.
  if (!/\bpacket: +\S+< /.test(trace)) throw notGit("reading the refs");
  return { format: formatInTrace(trace), refs: result.stdout.bytes };
}

/**
 * Reads the server's format in a trace of packets. Servers that do not name one know only SHA-1
 * (gitprotocol-capabilities and gitprotocol-v2, "object-format").
 */
export function formatInTrace(trace: string): ObjectFormat {
  const format = /^.*\bpacket: +\S+< .*\bobject-format=(\w+)/m.exec(trace)?.[1];
  return format === "sha256" ? "sha256" : "sha1";
}
