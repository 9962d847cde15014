/**
 * Opens the grid that the options name.
 *
 * @module
 */
import { join, resolve } from "@std/path";
import { systemClock } from "../clock.ts";
import { Git } from "../git/git.ts";
import { GitCounters } from "../git/git_counters.ts";
import { repositoryFolder } from "../git/local_copy.ts";
import { GitStore } from "../ledger/git_store.ts";
import { forgetHostCheck } from "../ledger/host_check.ts";
import { Ledger, type Writer } from "../ledger/ledger.ts";
import { RefNames } from "../protocol/layout.ts";
import { textOf } from "../process.ts";
import type { Context } from "./context.ts";
import { WrongUsage } from "./problems.ts";

/** A grid and the local copy of it; disposing of it lets the local copy go. */
export interface OpenGrid extends AsyncDisposable {
  ledger: Ledger;
  /** What Git has done for it. */
  git: GitCounters;
  /** Everything that is kept here of this repository. */
  folder: string;
}

/**
 * Opens a grid; the repository is not asked yet.
 *
 * @param writer who writes; by default the user
 */
export async function openGrid(
  context: Pick<Context, "options" | "env">,
  writer?: Pick<Writer, "name" | "email">,
): Promise<OpenGrid> {
  const { options, env } = context;
  const url = repositoryOf(context);
  const names = new RefNames(options.branch);
  const home = homeOf(context);
  const who = writer ?? await userOf(env);
  const folder = repositoryFolder(url, home);
  const noteRefusal = () => forgetHostCheck(folder);
  const counters = new GitCounters();
  const store = await GitStore.open({ url, home, names, host: env, counters, noteRefusal });
  const ledger = new Ledger(store, names, { ...who, clock: systemClock, random: Math.random });
  return {
    ledger,
    git: counters,
    folder,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

/**
 * The repository's address. A relative path is made absolute, because Git runs elsewhere.
 *
 * @throws {WrongUsage} when there is none, or it is no address
 */
export function repositoryOf({ options }: Pick<Context, "options">): string {
  const { repo } = options;
  if (repo === undefined) {
    throw new WrongUsage(
      "opening the grid: no repository is named; give --repo URL, or set DGRID_REPO_URL",
    );
  }
  if (!isRemote(repo)) return resolve(repo);
  if (/^https?:/i.test(repo) && !URL.canParse(repo)) {
    // Not shown: what is wrong with it is mostly in the password.
    throw new WrongUsage(
      "opening the grid: the repository's address is no URL; in a user's name or password, write " +
        "%2F for /, %3F for ?, %23 for #, %40 for @ and %25 for %",
    );
  }
  return repo;
}

/**
 * Whether an address is anything but a path: `https://…`, `file://…`, `user@host:path`. Git's rule
 * for the last: there is a colon, and no slash before it.
 */
export function isRemote(address: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(address) || /^[^/]+:/.test(address);
}

/**
 * The folder of the local state.
 *
 * @throws {WrongUsage} when nothing says where it is
 */
export function homeOf({ options, env }: Pick<Context, "options" | "env">): string {
  if (options.home !== undefined) return resolve(options.home);
  if (env.XDG_STATE_HOME) return join(env.XDG_STATE_HOME, "dgrid");
  if (env.HOME) return join(env.HOME, ".local", "state", "dgrid");
  throw new WrongUsage("finding the local state: HOME is not set; give --home FOLDER");
}

/** Who the user is, as Git knows it, else as the machine does. */
export async function userOf(
  env: Record<string, string>,
): Promise<{ name: string; email: string }> {
  const email = await gitSetting(env, "user.email") ??
    `${env.USER ?? "somebody"}@${Deno.hostname()}`;
  return { name: await gitSetting(env, "user.name") ?? email, email };
}

async function gitSetting(env: Record<string, string>, name: string): Promise<string | undefined> {
  // No repository is meant: the user's own settings are.
  const { code, stdout } = await new Git("/dev/null", env).try(["config", "--get", name]);
  const value = textOf(stdout).trim();
  return code === 0 && value !== "" ? value : undefined;
}
