/**
 * `dgrid init`: sets a grid up.
 *
 * @module
 */
import { join } from "@std/path";
import { Git } from "../git/git.ts";
import { isLocal } from "../git/local_copy.ts";
import { withoutPasswords } from "../git/without_passwords.ts";
import { commitToBranch } from "../ledger/branch.ts";
import { type Ledger, NoGrid } from "../ledger/ledger.ts";
import type { Change } from "../ledger/store.ts";
import { textOf } from "../process.ts";
import { RefNames } from "../protocol/layout.ts";
import { encodeRecord } from "../protocol/record.ts";
import { SETTINGS_PATH } from "../protocol/settings.ts";
import type { Command, Context } from "./context.ts";
import { openGrid, repositoryOf } from "./open_grid.ts";
import { WrongUsage } from "./problems.ts";

/** What a new grid begins with. */
const SETTINGS = { version: 1, lease_seconds: 300, max_attempts: 3 };

/**
 * So that workers elsewhere can leave out what they do not need, and ask for it by its name later; the
 * second is needed where Git's older protocol is spoken, as over ssh by most servers' settings.
 */
const SERVER_SETTINGS = ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"];

/** Folders that people shall find, although Git keeps no empty ones. */
const FOLDERS = ["nodes", "tasks/queue", "tasks/unapproved", "tasks/completed", "tasks/failed"];

export const init: Command = {
  summary: "set a grid up",
  operands: "",
  takes: { least: 0, most: 0 },
  details: [
    "Makes a bare repository where --repo is a path and nothing is there yet. Adds to the branch what",
    "a grid needs and is not there, and touches nothing else, so it can be run again.",
  ],
  async run(context) {
    const { terminal, options } = context;
    const repo = withoutPasswords(repositoryOf(context));
    const done = await setUpGrid(context);
    if (options.json) return terminal.printJson({ repo, done });
    for (const line of done) terminal.print(line);
    if (done.length === 0) terminal.print(`${repo} is a grid already; nothing was changed`);
    const where = context.given.has("repo") ? ` --repo ${quoted(repo)}` : "";
    terminal.tell(`next: dgrid submit${where} --script 'echo hello'`);
    terminal.tell(`then: dgrid worker${where} --exit-when-idle`);
  },
};

/** A word as a shell reads it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * Makes sure that there is a grid.
 *
 * @returns what was done, one line each; nothing where all was there
 */
export async function setUpGrid(context: Pick<Context, "options" | "env">): Promise<string[]> {
  const url = repositoryOf(context);
  const prefix = context.options["ref-prefix"];
  refuseClash(new RefNames(context.options.branch, prefix));
  const made = isLocal(url) ? await prepareFolder(url, context) : [];
  await using grid = await openGrid(context);
  const added = await addWhatIsMissing(grid.ledger, prefix);
  return [...made, ...added.map((path) => `added ${path}`)];
}

async function prepareFolder(
  url: string,
  { options, env }: Pick<Context, "options" | "env">,
): Promise<string[]> {
  const folder = folderOf(url);
  await refuseFile(folder);
  await refuseWorkingCopy(folder);
  await refuseOtherThings(folder);
  const git = new Git(folder, env);
  const done: string[] = [];
  if (await isAbsentOrEmpty(folder)) {
    const args = ["init", "--quiet", "--bare", `--initial-branch=${options.branch}`, folder];
    await git.run("making the repository", args);
    done.push(`made the bare repository ${folder}`);
  }
  for (const setting of SERVER_SETTINGS) {
    const { stdout } = await git.try(["config", "--local", "--get", setting]);
    if (textOf(stdout).trim() === "true") continue;
    await git.run("configuring the repository", ["config", "--local", setting, "true"]);
    done.push(`set ${setting} in ${folder}`);
  }
  return done;
}

/** The folder that Git takes an address for: it decodes URLs. */
function folderOf(url: string): string {
  if (!url.startsWith("file://")) return url;
  try {
    const folder = decodeURIComponent(url.slice("file://".length));
    if (folder.startsWith("/")) return folder;
  } catch {
    // A % without two digits: told below.
  }
  throw new WrongUsage(`setting the grid up: ${url} is no URL of a folder; use file:///FOLDER`);
}

async function refuseFile(folder: string): Promise<void> {
  const info = await Deno.stat(folder).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (info === undefined || info.isDirectory) return;
  throw new WrongUsage(`setting the grid up: ${folder} is a file; name a folder`);
}

async function refuseOtherThings(folder: string): Promise<void> {
  const names = await entryNames(folder) ?? [];
  const isRepository = ["HEAD", "objects", "refs"].every((name) => names.includes(name));
  if (names.length === 0 || isRepository) return;
  throw new WrongUsage(
    `setting the grid up: ${folder} is a folder with other things in it; ` +
      "name a bare repository, or a folder that is empty or not there yet",
  );
}

async function refuseWorkingCopy(folder: string): Promise<void> {
  if (await entryNames(join(folder, ".git")) === undefined) return;
  throw new Error(
    `setting the grid up: ${folder} is a working copy, whose branch Git does not let others move; ` +
      "name a bare repository, or the one that it was cloned from",
  );
}

async function isAbsentOrEmpty(folder: string): Promise<boolean> {
  return (await entryNames(folder) ?? []).length === 0;
}

async function entryNames(folder: string): Promise<string[] | undefined> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotADirectory) return [folder];
    throw error;
  }
}

function refuseClash({ prefix, clash }: RefNames): void {
  if (clash === undefined) return;
  throw new WrongUsage(`reading the options: --ref-prefix: "${prefix}": ${clash}`);
}

/** @param prefix where the live edge shall be; anywhere where absent */
async function addWhatIsMissing(ledger: Ledger, prefix?: string): Promise<string[]> {
  // Not the live edge: where it is to be may be what this adds.
  const isNew = await ledger.refreshMain().then(() => false, (error) => {
    if (error instanceof NoGrid) return true;
    throw error;
  });
  let added: string[] = [];
  await commitToBranch(ledger, isNew ? "set the grid up" : "complete the grid", async () => {
    const changes = await missingFiles(ledger, prefix);
    added = changes.map(({ path }) => path);
    if (!added.includes(SETTINGS_PATH)) refuseMove(ledger, prefix);
    return changes;
  });
  return added;
}

/** Where a grid is at work, its live edge stays where it is. */
function refuseMove({ main: { settings } }: Ledger, prefix = settings.ref_prefix): void {
  if (prefix === settings.ref_prefix) return;
  throw new WrongUsage(
    `setting the grid up: --ref-prefix: "${prefix}": the grid has ${settings.ref_prefix} already; ` +
      `to change it, stop all workers, settle, and write it into ${SETTINGS_PATH}`,
  );
}

async function missingFiles(ledger: Ledger, ref_prefix?: string): Promise<Change[]> {
  const wanted: Change[] = [
    { path: SETTINGS_PATH, bytes: encodeRecord({ ...SETTINGS, ref_prefix }) },
    ...FOLDERS.map((folder) => ({ path: `${folder}/.gitkeep`, bytes: new Uint8Array() })),
  ];
  const { mainCommit, store } = ledger;
  if (mainCommit === undefined) return wanted;
  const there = await store.find(mainCommit, [SETTINGS_PATH, ...FOLDERS]);
  return wanted.filter(({ path }) => !there.has(path.replace(/\/\.gitkeep$/, "")));
}
