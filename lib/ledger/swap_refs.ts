/**
 * The way of all pushes of a process: where the grid has a push budget, they wait for it, and where it
 * is small, each one takes the grid's turn.
 *
 * @module
 */
import { decodeTurn, encodeTurn, type Turn, TURN_RECORD_PATH } from "../protocol/turn.ts";
import { GitError } from "../git/git_error.ts";
import { signedBy } from "./commit_order.ts";
import type { Ledger } from "./ledger.ts";
import { type Oid, type RefChange, type SwapOutcome, wholeContent } from "./store.ts";

const MAX_TURN_BYTES = 4_096;

/**
 * Compares and swaps refs on the server, as far as the gate has it: where it is shut, or the turn has
 * to be taken and somebody else was faster, all swaps are lost.
 *
 * @throws what {@link Store.swap} throws
 */
export async function swapRefs(
  ledger: Ledger,
  changes: RefChange[],
  { atomic }: { atomic: boolean },
): Promise<Map<string, SwapOutcome>> {
  const { store, gate } = ledger;
  // Whoever came to the gate may have looked again since, and seen another's push.
  if (!gate.isOpen) return all(changes, SHUT);
  try {
    if (!gate.takesTurn) return await store.swap(changes, { atomic });
    return await swapInTurn(ledger, changes, { atomic });
  } finally {
    gate.notePushed();
  }
}

const SHUT: SwapOutcome = { done: false, why: "lost", words: "the next push is somebody else's" };
const REFUSED_TOGETHER: SwapOutcome = {
  done: false,
  why: "lost",
  words: "the host refuses something that came with it",
};

/** Takes the turn and moves the refs: all in one push, or where the host is choosy, in two. */
async function swapInTurn(
  ledger: Ledger,
  changes: RefChange[],
  { atomic }: { atomic: boolean },
): Promise<Map<string, SwapOutcome>> {
  const { gate, store } = ledger;
  if (gate.isWary) {
    const turn = await takeTurn(ledger, []);
    if (isRefused(turn)) {
      gate.noteRefusal(true);
      throw new GitError(`taking the turn: ${turn.words}`, "refused", 0);
    }
    if (!turn.done) return all(changes, turn);
    const outcomes = await store.swap(changes, { atomic });
    gate.noteRefusal([...outcomes.values()].some(isRefused));
    return outcomes;
  }
  const turn = await takeTurn(ledger, changes);
  if (!isRefused(turn)) return all(changes, turn);
  gate.noteRefusal(true);
  return all(changes, REFUSED_TOGETHER);
}

/** One push that moves the turn and these refs, or nothing. */
async function takeTurn(ledger: Ledger, changes: RefChange[]): Promise<SwapOutcome> {
  const { names: { turn }, refs, store, gate } = ledger;
  const next = await writeTurn(ledger);
  const outcomes = await store.swap([...changes, { ref: turn, expected: refs.get(turn), next }], {
    atomic: true,
  });
  const refusal = [...outcomes.values()].find(isRefused);
  const outcome = refusal ?? outcomes.get(turn)!;
  if (outcome.done) ledger.noteRef(turn, next);
  gate.noteTurn(outcome.done ? next : undefined);
  return outcome;
}

function all(changes: RefChange[], outcome: SwapOutcome): Map<string, SwapOutcome> {
  return new Map(changes.map(({ ref }) => [ref, outcome]));
}

function isRefused(outcome: SwapOutcome): outcome is SwapOutcome & { done: false } {
  return !outcome.done && outcome.why === "refused";
}

/** A commit like no other, which tells of the last pushes. */
function writeTurn({ store, writer, gate }: Ledger): Promise<Oid> {
  const mark = `${writer.clock.now().toISOString()} ${writer.random()}`;
  const bytes = encodeTurn({ version: 1, mark, ages_ms: gate.agesMs() });
  const order = signedBy(writer, `${writer.name}: turn`, [{ path: TURN_RECORD_PATH, bytes }]);
  return store.write((commits) => commits.commit(order));
}

/** What the last push said when it took the turn; undefined where that cannot be read. */
export async function readTurn({ store, names, refs }: Ledger): Promise<Turn | undefined> {
  const commit = refs.get(names.turn);
  if (commit === undefined) return undefined;
  await store.fetch(new Map([[names.turn, commit]]));
  const entry = (await store.find(commit, [TURN_RECORD_PATH])).get(TURN_RECORD_PATH);
  if (entry?.kind !== "file") return undefined;
  const content = wholeContent((await store.read([entry.oid], MAX_TURN_BYTES)).get(entry.oid));
  const turn = content && decodeTurn(content);
  return turn?.ok ? turn.value : undefined;
}
