/**
 * `ssh://`: OpenSSH's server with keys and settings of its own, for the user who runs the tests.
 *
 * @module
 */
import { join } from "@std/path";
import { userInfo } from "node:os";
import { makeKey } from "./keys.ts";
import type { GitHost, Hosted } from "./git_host.ts";
import { freePort, ServerProcess } from "./server_process.ts";

/** It wants to be started by its whole path. */
export const SSHD = "/usr/sbin/sshd";
/** Started by root, it wants this folder, which the system's own service makes. */
const ROOTS_FOLDER = "/run/sshd";

/** A server that is reached by ssh. */
export interface SshHost extends GitHost {
  /** The same repository in the short form `user@host:path`. */
  shortUrl: string;
  /** The environment of somebody whose key the server does not know. */
  strangersEnv: Record<string, string>;
}

/** Why it cannot be started here, or undefined. */
export async function missingForSsh(): Promise<string | undefined> {
  if (!await exists(SSHD)) return "there is no sshd (openssh-server)";
  const needsFolder = Deno.uid() === 0 && !await exists(ROOTS_FOLDER);
  return needsFolder ? `root's sshd needs the folder ${ROOTS_FOLDER}` : undefined;
}

export async function serveBySsh({ repository, folder }: Hosted): Promise<SshHost> {
  const port = freePort();
  const names = ["host_key", "user_key", "strangers_key"];
  const [hostKey, userKey, strangersKey] = names.map((name) => join(folder, name));
  for (const key of [hostKey, userKey, strangersKey]) await makeKey(key);
  await Deno.copyFile(`${userKey}.pub`, join(folder, "authorized_keys"));
  const known = `[127.0.0.1]:${port} ${await Deno.readTextFile(`${hostKey}.pub`)}`;
  await Deno.writeTextFile(join(folder, "known_hosts"), known);
  await Deno.writeTextFile(join(folder, "sshd_config"), settings(folder, port));
  const command = [SSHD, "-D", "-e", "-f", join(folder, "sshd_config")];
  const server = await ServerProcess.start(command, { hostname: "127.0.0.1", port });
  const user = userInfo().username;
  return {
    url: `ssh://${user}@127.0.0.1:${port}${repository}`,
    shortUrl: `${user}@127.0.0.1:${repository}`,
    repository,
    env: { GIT_SSH_COMMAND: client(folder, userKey, port) },
    strangersEnv: { GIT_SSH_COMMAND: client(folder, strangersKey, port) },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function settings(folder: string, port: number): string {
  return [
    "ListenAddress 127.0.0.1",
    `Port ${port}`,
    `HostKey ${join(folder, "host_key")}`,
    `AuthorizedKeysFile ${join(folder, "authorized_keys")}`,
    "PidFile none",
    // The folder of a test may lie where others may write.
    "StrictModes no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
    // Whoever runs the tests has settings of Git and of the shell, which are not meant.
    `SetEnv HOME=${folder}`,
    "PermitUserRC no",
    // Ten workers at a time, each with several connections.
    "MaxStartups 200",
  ].map((line) => `${line}\n`).join("");
}

/** A client that knows this server alone, and has one key. */
function client(folder: string, key: string, port: number): string {
  const options = {
    BatchMode: "yes",
    IdentitiesOnly: "yes",
    IdentityFile: key,
    Port: port,
    StrictHostKeyChecking: "yes",
    UserKnownHostsFile: join(folder, "known_hosts"),
  };
  const words = Object.entries(options).map(([name, value]) => `-o${name}=${value}`);
  return ["ssh", "-F", "none", ...words].join(" ");
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
