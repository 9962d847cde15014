/**
 * The way of all pushes of a process: where the grid has a push budget, they wait for it, and where it
 * is small, each one takes the grid's turn.
 *
 * @module
 */
import { signedBy } from "./commit_order.ts";
import type { Ledger } from "./ledger.ts";
import type { Oid, RefChange, SwapOutcome } from "./store.ts";

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
  if (!gate.isOpen) return new Map(changes.map(({ ref }) => [ref, SHUT]));
  try {
    if (!gate.takesTurn) return await store.swap(changes, { atomic });
    return await swapInTurn(ledger, changes);
  } finally {
    gate.notePushed();
  }
}

const SHUT: SwapOutcome = { done: false, why: "lost", words: "the next push is somebody else's" };

async function swapInTurn(
  ledger: Ledger,
  changes: RefChange[],
): Promise<Map<string, SwapOutcome>> {
  const { names: { turn }, refs, store } = ledger;
  const next = await writeTurn(ledger);
  const outcomes = await store.swap([...changes, { ref: turn, expected: refs.get(turn), next }], {
    atomic: true,
  });
  if (outcomes.get(turn)?.done) ledger.noteRef(turn, next);
  outcomes.delete(turn);
  return outcomes;
}

/** A commit like no other: only that it is another one counts. */
function writeTurn({ store, writer }: Ledger): Promise<Oid> {
  const mark = Math.floor(writer.random() * 2 ** 48).toString(16);
  const bytes = new TextEncoder().encode(`${writer.clock.now().toISOString()} ${mark}\n`);
  const order = signedBy(writer, `${writer.name}: turn`, [{ path: "turn", bytes }]);
  return store.write((commits) => commits.commit(order));
}
