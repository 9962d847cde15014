/**
 * Keeps the local copy up to date with the server.
 *
 * @module
 */
import { isRedirect } from "./early_credentials.ts";
import { type Git, TIME_LIMITS } from "./git.ts";
import type { LocalCopy } from "./local_copy.ts";
import { askFormat, formatOf, notGit, type ObjectFormat, OtherFormat } from "./object_format.ts";
import { REMOTE } from "./push.ts";
import { countingReceived } from "./received.ts";
import { asUnadvertised } from "./unadvertised.ts";
import { type Patience, retrying, systemPatience } from "./retry.ts";

/** More packs than this are made one: each makes every look-up slower. */
const MAX_PACKS = 50;

/**
 * The newer protocol first asks what the server can do, and then for its refs: by HTTP a request more.
 * Its answer is no shorter, because `git ls-remote` does not tell the server the patterns.
 */
const ONE_ANSWER = ["-c", "protocol.version=0"];

/** How much history to ask for, where some is missing: what is missed is mostly recent. */
const DEEPENING = ["--deepen=100", "--deepen=1000", "--deepen=10000", "--unshallow"];

/** A ref on the server and the commit that it names. */
export type Tip = [ref: string, oid: string];

export class Mirror {
  readonly #git: Git;
  readonly #format: ObjectFormat;
  /** What our own refs name; read once, then kept up to date. */
  #here?: Map<string, string>;
  #packs: number;
  readonly #patience: Patience;
  readonly #followRedirects: () => Promise<void>;

  /** @param patience how to wait where the server does not answer and is asked again */
  constructor(
    { git, format, packs, followRedirects }: LocalCopy,
    patience: Patience = systemPatience,
  ) {
    this.#followRedirects = followRedirects;
    this.#patience = patience;
    this.#git = git;
    this.#format = format;
    this.#packs = packs;
  }

  /**
   * The server's refs.
   *
   * @param patterns as `git ls-remote` takes them: they match the end of a name, so there can be more
   * in the answer than is meant
   * @throws {OtherFormat} when the local copy is none for this server
   * @throws {GitError} also when what answered is no Git server, though Git took it for an empty one
   */
  async serverRefs(patterns: string[]): Promise<Map<string, string>> {
    const args = [...ONE_ANSWER, "ls-remote", "--refs", REMOTE, ...patterns];
    const options = { timeoutMs: TIME_LIMITS.look };
    return await retrying(async () => {
      const said = await this.#git.run("reading the refs", args, options).catch(async (error) => {
        if (!isRedirect(error)) throw error;
        await this.#followRedirects();
        return await this.#git.run("reading the refs", args, options);
      });
      this.#git.counters.bytes.listed += said.length;
      if (said.length > 0) return this.#checked(said);
      const { format, refs } = await askFormat(this.#git, patterns);
      this.#git.counters.bytes.listed += refs.length;
      return this.#checked(refs, format);
    }, this.#patience);
  }

  /**
   * Brings commits and their trees here. A ref that is seen for the first time comes without its
   * history.
   *
   * @param tips what to bring
   * @param follow whether to remember a ref here, so that the next fetch brings only what is new
   * @param filter which contents to leave out, as `git fetch --filter` takes it
   */
  async fetchTips(
    tips: Tip[],
    follow: (ref: string) => boolean,
    filter: (ref: string) => string,
  ): Promise<void> {
    const here = this.#here ??= await this.#readOwnRefs();
    const wanted = tips.filter(([ref, oid]) => here.get(ref) !== oid);
    const alike = Map.groupBy(wanted, ([ref]) => {
      return `--filter=${filter(ref)}${here.has(ref) ? "" : " --depth=1"}`;
    });
    for (const [flags, group] of alike) {
      const refspecs = group.map(([ref, oid]) => follow(ref) ? `+${oid}:${ref}` : oid);
      await this.#fetch(flags.split(" "), refspecs);
      for (const [ref, oid] of group) if (follow(ref)) here.set(ref, oid);
    }
  }

  /** Brings contents here, in one request. */
  async fetchContents(oids: string[]): Promise<void> {
    // Were we to say what we have, the server would take the contents in it for here.
    await this.#fetch(["--filter=blob:none"], oids, ["-c", "fetch.negotiationAlgorithm=noop"]);
  }

  /**
   * Brings more of a ref's history here, until it is enough or all.
   *
   * @param isEnough asked before each fetch
   * @param filter what to leave out, as `git fetch --filter` takes it; trees and contents by default
   */
  async deepen(
    ref: string,
    isEnough: () => Promise<boolean>,
    filter = "tree:0",
  ): Promise<void> {
    for (const step of DEEPENING) {
      if (await isEnough() || !await this.#isShallow()) return;
      await this.#fetch([step, `--filter=${filter}`], [ref]);
    }
  }

  /** The refs in an answer, of which the first tells the format where nothing else does. */
  #checked(said: Uint8Array, format?: ObjectFormat): Map<string, string> {
    const tips = lines(said).map(tipIn);
    const theirs = format ?? formatOf(tips[0][1]);
    if (theirs !== this.#format) throw new OtherFormat(theirs);
    return new Map(tips);
  }

  async #isShallow(): Promise<boolean> {
    const args = ["rev-parse", "--is-shallow-repository"];
    return lines(await this.#git.run("looking at the local copy", args))[0] === "true";
  }

  /** Notes that a push has moved a followed ref, here as on the server. */
  noteMoved(ref: string, oid: string): void {
    this.#here?.set(ref, oid);
  }

  /** Takes away the refs here that nobody follows any longer: each push compares them all. */
  async keepOnly(isFollowed: (ref: string) => boolean): Promise<void> {
    const here = this.#here ??= await this.#readOwnRefs();
    const gone = [...here.keys()].filter((ref) => !isFollowed(ref));
    if (gone.length === 0) return;
    const stdin = new TextEncoder().encode(gone.map((ref) => `delete ${ref}\n`).join(""));
    await this.#git.run("forgetting refs", ["update-ref", "--no-deref", "--stdin"], { stdin });
    for (const ref of gone) here.delete(ref);
  }

  /** Notes that a pack was added, and makes many of them one. */
  async notePack(): Promise<void> {
    if (++this.#packs < MAX_PACKS) return;
    this.#packs = 1;
    const args = ["repack", "-a", "-d", "-k", "-q"];
    const options = { timeoutMs: TIME_LIMITS.compact };
    await this.#git.run("compacting the local copy", args, options);
  }

  async #readOwnRefs(): Promise<Map<string, string>> {
    const args = ["for-each-ref", "--format=%(refname)%09%(objectname)"];
    const own = lines(await this.#git.run("reading the local refs", args));
    return new Map(own.map((line) => line.split("\t") as Tip));
  }

  /** @param settings what stands before the command */
  async #fetch(flags: string[], refspecs: string[], settings: string[] = []): Promise<void> {
    const common = ["--quiet", "--no-tags", "--no-write-fetch-head"];
    const args = [...settings, "fetch", ...common, ...flags, "--stdin", REMOTE];
    const stdin = new TextEncoder().encode(refspecs.join("\n") + "\n");
    const options = { stdin, timeoutMs: TIME_LIMITS.transfer };
    const fetch = () => countingReceived(this.#git, (git) => git.run("fetching", args, options));
    await retrying(fetch, this.#patience).catch((error) => {
      throw asUnadvertised("fetching", error);
    });
    await this.notePack();
  }
}

/** A ref and its commit in a line of `ls-remote`. A web page over HTTP can pass for a list of refs. */
function tipIn(line: string): Tip {
  const [, oid, ref] = /^([0-9a-f]{40}|[0-9a-f]{64})\t(refs\/.+)$/.exec(line) ?? [];
  if (oid === undefined) throw notGit("reading the refs");
  return [ref, oid];
}

function lines(bytes: Uint8Array): string[] {
  return new TextDecoder().decode(bytes).split("\n").filter((line) => line !== "");
}
