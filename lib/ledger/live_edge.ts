/**
 * Writing to the live edge: whatever a process has to say about the tasks of a shard is one commit
 * and one compare-and-swap. Who loses the swap reads the new tip and applies the same events again;
 * some of them may now be refused.
 *
 * @module
 */
import { shardOf } from "../protocol/identity.ts";
import { backoff } from "./backoff.ts";
import { type Draft, draftShards, type Heard, type Saying } from "./draft.ts";
import type { Ledger } from "./ledger.ts";
import { swapRefs } from "./swap_refs.ts";
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
  /** Why the companion was not written, in the words of the store. */
  companionWords?: string;
}

/** After so many lost swaps in a row the rest is left for the next tick. */
const MAX_TRIES = 8;

/**
 * Applies events to the live edge, all in one push. Waits for the push budget, if there is one.
 *
 * @param suspects what was refused together with others before; where pushes are taken in turn, more
 * than one is not tried, so this is to be kept from one call to the next
 * @throws whatever the store throws when the server cannot be reached; then nothing is known of what
 * took effect, and the same sayings may be said again
 */
export async function say(
  ledger: Ledger,
  sayings: Saying[],
  companion?: Companion,
  suspects: Suspects = new WeakSet(),
): Promise<Said> {
  const progress: Progress = {
    heard: new Map(),
    refused: new Set(),
    alone: suspects,
    words: new Map(),
  };
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (tries > 0) {
      await backoff(ledger.writer, tries);
      await ledger.refresh();
    }
    await ledger.gate.come();
    const drafts = await draftShards(ledger, nextOf(sayings, progress), progress.heard);
    await publish(ledger, drafts, progress, tries === 0 ? companion : undefined);
    if (openOf(sayings, progress).length === 0) break;
    // Nobody waits here for another turn: much may happen until then.
    if (ledger.gate.takesTurn) break;
  }
  const { heard, companion: commit, companionWords } = progress;
  return {
    heard: sayings.map((saying) => heard.get(saying) ?? unheard(ledger, saying, progress)),
    companion: commit,
    companionWords,
  };
}

/** What was refused together with others: said alone, it shows which of them it was. */
export type Suspects = WeakSet<Saying>;

/** What has been achieved so far. */
interface Progress {
  heard: Map<Saying, Heard>;
  /** What the server does not allow, whatever the refs name. */
  refused: Set<Saying>;
  alone: Suspects;
  /** Why a saying's last swap failed, in the words of the store. */
  words: Map<Saying, string>;
  companion?: Oid;
  companionWords?: string;
}

/** What is still to be said; what the server does not allow, it does not allow a moment later. */
function openOf(sayings: Saying[], { heard, refused }: Progress): Saying[] {
  return sayings.filter((saying) => !heard.has(saying) && !refused.has(saying));
}

/** What to say next: all, but of what has to be said alone one for each shard. */
function nextOf(sayings: Saying[], progress: Progress): Saying[] {
  const open = openOf(sayings, progress);
  if (!open.some((saying) => progress.alone.has(saying))) return open;
  const crowd = open.filter((saying) => !progress.alone.has(saying));
  const lonely = open.filter((saying) => progress.alone.has(saying));
  const shardsOf = (some: Saying[]) => new Set(some.map(({ event }) => shardOf(event.task_id)));
  const busy = shardsOf(crowd);
  const first = Map.groupBy(lonely, ({ event }) => shardOf(event.task_id));
  return [...crowd, ...[...first].flatMap(([shard, [one]]) => busy.has(shard) ? [] : [one])];
}

function unheard({ gate }: Ledger, saying: Saying, { words, refused }: Progress): Heard {
  const { kind, task_id } = saying.event;
  return {
    heard: false,
    isRefused: refused.has(saying),
    isWaiting: gate.takesTurn && !refused.has(saying),
    words: `${kind} ${task_id}: could not be written (${words.get(saying)})`,
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
  const outcomes = await swapRefs(ledger, changes, { atomic: false });
  drafts.forEach((draft, index) => {
    conclude(ledger, draft, commits[index], outcomes.get(names.shard(draft.shard))!, progress);
  });
  if (companion === undefined) return;
  const shown = outcomes.get(companion.ref)!;
  // Who has lost the turn shows itself when its turn comes.
  const isLater = !shown.done && shown.why === "lost" && ledger.gate.takesTurn;
  if (!shown.done && !isLater) progress.companionWords = shown.words;
  if (shown.done) {
    progress.companion = commits.at(-1)!;
    ledger.noteRef(companion.ref, progress.companion);
  }
}

function conclude(
  ledger: Ledger,
  { shard, before, tasks, accepted }: Draft,
  tip: Oid,
  outcome: SwapOutcome,
  { heard, refused, alone, words }: Progress,
): void {
  if (outcome.done) ledger.noteShard(shard, { ...before, tip, tasks });
  for (const [saying, state] of accepted) {
    if (outcome.done) heard.set(saying, { heard: true, state });
    else {
      words.set(saying, outcome.words);
      if (outcome.why === "refused") (accepted.size > 1 ? alone : refused).add(saying);
    }
  }
}
