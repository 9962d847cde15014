/**
 * What a host must allow below the prefix of the live edge, and whether it does. Tried out when a
 * worker starts, with a ref that nobody looks at: otherwise the first heartbeat, or the first
 * settlement after an hour of work, would tell.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { join } from "@std/path";
import { z } from "zod";
import { GitError } from "../git/git_error.ts";
import { DEFAULT_REF_PREFIX } from "../protocol/layout.ts";
import { decodeRecord, encodeRecord } from "../protocol/record.ts";
import { signedBy } from "./commit_order.ts";
import type { Ledger, Writer } from "./ledger.ts";
import type { Oid, RefChange, Store } from "./store.ts";

const log = getLogger(["dgrid", "ledger"]);

/** What is tried. */
export type Right = "create" | "atomic" | "replace" | "delete";

/** What a host does not allow, in its own words or in Git's. */
export interface HostRefusal {
  right: Right;
  words: string;
}

/** The host does not allow what no grid can do without. */
export class HostRefuses extends Error {
  override name = "HostRefuses";
}

/**
 * Tries out what the host allows, with at most three pushes; a fourth where it refuses the first.
 *
 * @throws {GitError} when the host cannot be reached, or wants other credentials
 */
export async function tryHost(ledger: Ledger): Promise<HostRefusal[]> {
  const { store, names, writer } = ledger;
  const ref = names.trial(trialName(writer));
  const [first, second] = await twoCommits(ledger);
  const together = await refusalOf(store, { ref, next: first }, true);
  // What the host does not do for several refs at once, it may do for one.
  const alone = together && await refusalOf(store, { ref, next: first }, false);
  if (alone !== undefined) return [{ right: "create", words: alone }];
  const replacing = await refusalOf(store, { ref, expected: first, next: second }, false);
  const expected = replacing === undefined ? second : first;
  const deleting = await refusalOf(store, { ref, expected }, false);
  const tried: [Right, string | undefined][] = [
    ["atomic", together],
    ["replace", replacing],
    ["delete", deleting],
  ];
  return tried.flatMap(([right, words]) => words === undefined ? [] : [{ right, words }]);
}

/** Two that have no history: one cannot become the other but by force. */
function twoCommits(ledger: Ledger): Promise<Oid[]> {
  return ledger.store.write(async (commits) => {
    const made: Oid[] = [];
    for (const text of ["first\n", "second\n"]) {
      const change = { path: "trial", bytes: new TextEncoder().encode(text) };
      made.push(await commits.commit(signedBy(ledger.writer, "try out the host", [change])));
    }
    return made;
  });
}

/** A name of 48 random bits. */
function trialName({ random }: Writer): string {
  return Math.floor(random() * 2 ** 48).toString(16).padStart(12, "0");
}

/** Why the host refuses a change; undefined where it takes it. */
async function refusalOf(
  store: Store,
  change: RefChange,
  atomic: boolean,
): Promise<string | undefined> {
  try {
    const outcome = (await store.swap([change], { atomic })).get(change.ref)!;
    if (outcome.done) return undefined;
    if (outcome.why === "refused") return outcome.words;
    throw new GitError(`trying out the host: ${outcome.words}`, "unreachable", 0);
  } catch (error) {
    if (!(error instanceof GitError) || !REFUSING.includes(error.trouble)) throw error;
    return error.message;
  }
}

/** How a host refuses a whole push. A repository that was read just now is there. */
const REFUSING = ["refused", "no_repository"];

/** So long a host that passed is not tried again. */
const GOOD_FOR_MS = 24 * 60 * 60 * 1000;

const passedSchema = z.strictObject({
  version: z.literal(1),
  checked_at: z.iso.datetime(),
  ref_prefix: z.string(),
});

/**
 * Makes sure that the host allows what a worker does there; skipped where it has passed within a day.
 * What only leaves rubbish behind is told and goes through.
 *
 * @param folder where it is remembered: the local state of this repository
 * @throws {HostRefuses} with what the host refuses, in its words, and what to do
 */
export async function checkHost(ledger: Ledger, folder: string): Promise<void> {
  if (await hasPassed(ledger, folder)) return;
  const refusals = await tryHost(ledger);
  const { prefix } = ledger.names;
  for (const { right, words } of refusals.filter(({ right }) => !isNeeded(right))) {
    log.warn("{what}: the host refuses: {words}", { what: described(right, prefix), words });
  }
  const grave = refusals.filter(({ right }) => isNeeded(right));
  if (grave.length > 0) throw new HostRefuses(complaintOf(grave, prefix));
  await remember(ledger, folder);
}

/** Forgets that the host has passed, because it refuses something now. */
export async function forgetHostCheck(folder: string): Promise<void> {
  await Deno.remove(fileIn(folder)).catch(unlessNotFound);
}

function isNeeded(right: Right): boolean {
  return right !== "delete";
}

function complaintOf(refusals: HostRefusal[], prefix: string): string {
  const said = refusals.map(({ right, words }) => {
    return `${described(right, prefix)}: the host refuses: ${words}; ${remedyOf(right, prefix)}`;
  });
  return said.join("\n");
}

function described(right: Right, prefix: string): string {
  switch (right) {
    case "create":
      return `creating a ref below ${prefix}`;
    case "atomic":
      return "moving several refs at once, all or none, as settling does";
    case "replace":
      return `replacing a ref below ${prefix} by an unrelated commit, as each heartbeat does`;
    case "delete":
      return `deleting a ref below ${prefix}, so one stays there`;
  }
}

function remedyOf(right: Right, prefix: string): string {
  // Some hosts take only branches; others have stricter rules for branches than for other refs.
  const other = prefix.startsWith("refs/heads/") ? DEFAULT_REF_PREFIX : "refs/heads/dgrid";
  const elsewhere = `set "ref_prefix" in dgrid.json to ${other}`;
  switch (right) {
    case "create":
      return `${elsewhere}, or allow refs below ${prefix} in the host's settings`;
    case "atomic":
      return "allow atomic pushes in the host's settings (receive.advertiseAtomic), " +
        "or take another host";
    default:
      return `allow forced updates below ${prefix} in the host's settings, or ${elsewhere}`;
  }
}

async function hasPassed({ names, writer }: Ledger, folder: string): Promise<boolean> {
  const bytes = await Deno.readFile(fileIn(folder)).catch(unlessNotFound);
  const passed = bytes && decodeRecord(passedSchema, bytes);
  if (!passed?.ok || passed.value.ref_prefix !== names.prefix) return false;
  const ageMs = writer.clock.now().getTime() - Date.parse(passed.value.checked_at);
  return ageMs >= 0 && ageMs < GOOD_FOR_MS;
}

async function remember({ names, writer }: Ledger, folder: string): Promise<void> {
  const checked_at = writer.clock.now().toISOString();
  const bytes = encodeRecord({ version: 1, checked_at, ref_prefix: names.prefix });
  // Several workers can start at once: none shall read half of what another writes.
  const draft = `${fileIn(folder)}.${trialName(writer)}`;
  await Deno.writeFile(draft, bytes);
  await Deno.rename(draft, fileIn(folder));
}

function fileIn(folder: string): string {
  return join(folder, "host_check.json");
}

function unlessNotFound(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
