/**
 * Writing to the live edge: whatever a process has to say about the tasks of a shard is one commit
 * and one compare-and-swap. Who loses the swap reads the new tip and applies the same events again;
 * some of them may now be refused.
 *
 * @module
 */
import { backoff } from "./backoff.ts";
import { type Draft, draftShards, type Heard, type Saying } from "./draft.ts";
import type { Ledger } from "./ledger.ts";
import { draftOrder } from "./shard_commit.ts";
import type { CommitOrder, Oid, RefChange, SwapOutcome } from "./store.ts";

/** A ref to be written in the same push, such as a heartbeat. */
export interface Companion {
  ref: string;
  expected?: Oid;
  order: CommitOrder;
}

export interface Said {
  /** In the order of the sayings. */
  heard: Heard[];
  /** The companion's new commit, where it was written. */
  companion?: Oid;
}

/** After so many lost swaps in a row the rest is left for the next tick. */
const MAX_TRIES = 8;

/**
 * Applies events to the live edge, all in one push.
 *
 * @throws whatever the store throws when the server cannot be reached; then nothing is known of what
 * took effect, and the same sayings may be said again
 */
export async function say(
  ledger: Ledger,
  sayings: Saying[],
  companion?: Companion,
): Promise<Said> {
  const progress: Progress = { heard: new Map(), words: new Map() };
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (tries > 0) {
      await backoff(ledger.writer, tries);
      await ledger.refresh();
    }
    const open = sayings.filter((saying) => !progress.heard.has(saying));
    const drafts = await draftShards(ledger, open, progress.heard);
    await publish(ledger, drafts, progress, tries === 0 ? companion : undefined);
    if (sayings.every((saying) => progress.heard.has(saying))) break;
  }
  const { heard, words, companion: commit } = progress;
  return {
    heard: sayings.map((saying) => heard.get(saying) ?? unheard(saying, words)),
    companion: commit,
  };
}

/** What has been achieved so far. */
interface Progress {
  heard: Map<Saying, Heard>;
  /** Why a saying's last swap failed, in the words of the store. */
  words: Map<Saying, string>;
  companion?: Oid;
}

function unheard(saying: Saying, words: Map<Saying, string>): Heard {
  const { kind, task_id } = saying.event;
  return {
    heard: false,
    words: `${kind} ${task_id}: not written after ${MAX_TRIES} tries (${words.get(saying)})`,
  };
}

/** Commits all drafts and pushes them; notes what became of each saying and of the companion. */
async function publish(
  ledger: Ledger,
  drafts: Draft[],
  progress: Progress,
  companion?: Companion,
): Promise<void> {
  if (drafts.length === 0 && companion === undefined) return;
  const { store, names } = ledger;
  const orders = [
    ...drafts.map((draft) => draftOrder(ledger.writer, draft)),
    ...(companion ? [companion.order] : []),
  ];
  const commits = await store.write(async (writer) => {
    const made: Oid[] = [];
    for (const order of orders) made.push(await writer.commit(order));
    return made;
  });
  const refs = [
    ...drafts.map(({ shard, before }) => ({ ref: names.shard(shard), expected: before.tip })),
    ...(companion ? [companion] : []),
  ];
  const changes: RefChange[] = refs.map(({ ref, expected }, index) => ({
    ref,
    expected,
    next: commits[index],
  }));
  const outcomes = await store.swap(changes, { atomic: false });
  drafts.forEach((draft, index) => {
    conclude(ledger, draft, commits[index], outcomes.get(names.shard(draft.shard))!, progress);
  });
  if (companion && outcomes.get(companion.ref)?.done) {
    progress.companion = commits.at(-1)!;
    ledger.noteRef(companion.ref, progress.companion);
  }
}

function conclude(
  ledger: Ledger,
  { shard, before, tasks, accepted }: Draft,
  tip: Oid,
  outcome: SwapOutcome,
  { heard, words }: Progress,
): void {
  if (outcome.done) ledger.noteShard(shard, { ...before, tip, tasks });
  for (const [saying, state] of accepted) {
    if (outcome.done) heard.set(saying, { heard: true, state });
    else words.set(saying, outcome.words);
  }
}
